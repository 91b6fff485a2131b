// The shapes of an account's screens.

export interface AccountState {
  id: string;
  /** Absent for who came by a provider that told none. */
  email?: string | null;
  email_verified: boolean;
  has_password: boolean;
  second_factor: boolean;
  backup_codes_left: number;
  providers: { provider: string; linked_at: string }[];
  created_at: string;
}

export interface Session {
  id: string;
  provider: string;
  created_at: string;
  last_used_at: string;
  user_agent?: string;
  address?: string;
  current: boolean;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  expires_at?: string | null;
  last_used_at?: string | null;
}

export interface Settings {
  consents: { analytics: boolean; improvement: boolean };
  retention: { result_days: number; picture_days: number };
}

export interface Export {
  id: string;
  status: string;
  progress: number;
  steps: { name: string; status: string }[];
  archive_url?: string | null;
  expires_at?: string | null;
}

export interface Deletion {
  status: string;
  progress: number;
  steps: { name: string; status: string; removed?: Record<string, number> | null }[];
  requested_at: string;
  finished_at?: string | null;
}
