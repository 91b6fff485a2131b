// Drawn here, so that nothing else has to be loaded. Always beside a word or a label.
const Icon = ({ d }: { d: string }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={d} /></svg>
);

export const CameraIcon = () => <Icon d="M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7" />;
export const FileIcon = () => <Icon d="M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.5v.01" />;
export const HistoryIcon = () => <Icon d="M12 7v5l3 2M4.5 12a7.5 7.5 0 1 1 2.2 5.3M4 19v-3.5h3.5" />;
export const FriendsIcon = () => <Icon d="M12 20c-9-6-8-13-3.5-13C11 7 12 9.5 12 9.5S13 7 15.5 7c4.5 0 5.5 7-3.5 13" />;
export const PersonIcon = () => <Icon d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 20c0-4 3-6 7-6s7 2 7 6" />;
export const TickIcon = () => <Icon d="M5 12.5 10 17.5 19 7" />;
export const CrossIcon = () => <Icon d="M6 6 18 18M18 6 6 18" />;
export const SkipIcon = () => <Icon d="M6 12h12" />;
export const ShieldIcon = () => <Icon d="M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM12 8v5M12 16v.01" />;
export const BinIcon = () => <Icon d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5" />;
