// What the API answers, as far as the page reads it.

export interface User {
  id: string;
  display_name: string;
  nickname?: string;
  email?: string;
  phone_number?: string;
  provider: string;
  created_at: string;
}

export interface JobEvent {
  seq: number;
  stage: string;
  status: string;
  progress: number;
  ts: string;
  result?: unknown;
  error?: JobError;
}

export interface JobError {
  code: string;
  message: string;
  stage?: string;
  retryable: boolean;
}

export interface Seen {
  middle_code: string;
  middle_category: string;
  item_code?: string;
  minor_category?: string;
  confidence: number;
}

export interface Vision {
  primary: Seen;
  others: Seen[];
  multiple: boolean;
  unsure?: boolean;
}

export interface Place {
  code: string;
  name: string;
}

export interface Answer {
  headline: string;
  final_place?: Place;
  rerouted_from?: Place;
  steps: { order: number; text: string; done: boolean }[];
  insufficiencies: { tag: string; text: string; blocking: boolean }[];
  cautions: string[];
  safety: string[];
  others_note?: string;
  local_note?: string;
  user_answer: string;
}

export interface Reward {
  status: 'granted' | 'already_owned' | 'not_eligible' | 'pending';
  reason_code?: string;
  character?: Character;
}

export interface Character {
  code: string;
  name: string;
  type: string;
  dialog: string;
  image_url: string;
}

export interface ScanResult {
  task_id: string;
  status: 'completed' | 'processing' | 'failed' | 'cancelled';
  pipeline_result?: { classification_result?: { meta?: { user_input?: string } } };
  vision?: Vision;
  answer?: Answer;
  reward?: Reward;
  image_url?: string;
  warnings?: string[];
  error?: JobError;
  created_at: string;
  finished_at?: string;
}

export interface ScanSummary {
  job_id: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  thumbnail_url: string;
  headline?: string;
  middle_code?: string;
  final_place?: string;
  reward_status?: string;
  created_at: string;
}

export interface CatalogEntry extends Character {
  match?: string;
  match_code?: string;
  is_default: boolean;
}

export interface OwnedCharacter extends Character {
  acquired_at: string;
}

export interface Stats {
  scans: number;
  eligible_scans: number;
  characters: { owned: number; total: number };
}

export interface Taxonomy {
  majors: {
    code: string;
    name_ko: string;
    name_en: string;
    middles: { code: string; name_ko: string; name_en: string; items: { code: string; name_ko: string; name_en: string }[] }[];
  }[];
}
