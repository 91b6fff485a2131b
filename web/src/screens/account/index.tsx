import type { ComponentType } from 'preact';
import '../../styles/account.css';
import { t } from '../../i18n/index.ts';
import { route } from '../../router.ts';
import { Heading } from '../../ui/parts.tsx';
import { Devices } from './devices.tsx';
import { Keys } from './keys.tsx';
import { Privacy } from './privacy.tsx';
import { Profile } from './profile.tsx';
import { Receipt } from './receipt.tsx';
import { Security } from './security.tsx';

const parts: [string, () => string, ComponentType][] = [
  ['/account', () => t().account.profile, Profile],
  ['/account/security', () => t().account.security, Security],
  ['/account/devices', () => t().account.devices, Devices],
  ['/account/keys', () => t().account.keys, Keys],
  ['/account/privacy', () => t().account.privacy, Privacy],
];

export function Account() {
  const { path } = route.value;
  if (path.startsWith('/receipt/')) return <Receipt id={path.slice('/receipt/'.length)} />;
  const [, name, Part] = parts.find(([at]) => at === path) ?? parts[0]!;
  return (
    <div class="account">
      <nav class="tabs" aria-label={t().account.title}>
        {parts.map(([at, called]) => <a key={at} href={`#${at}`} aria-current={called === name ? 'page' : undefined}>{called()}</a>)}
      </nav>
      <div class="narrow" key={path}>
        <Heading title={name()} />
        <Part />
      </div>
    </div>
  );
}
