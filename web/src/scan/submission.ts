import { call, idempotencyKey } from '../api/http.ts';
import { language } from '../i18n/index.ts';
import { prepare, upload } from './picture.ts';

export type Phase = { name: 'uploading'; share: number } | { name: 'submitting' };

/** One wish to know about one picture. Trying it again, however often, goes on where it stopped and makes one job. */
export class Submission {
  private readonly key = idempotencyKey();
  private prepared: Blob | undefined;
  private imageKey: string | undefined;
  private readonly lang = language.value;
  readonly file: Blob;
  readonly words: string;

  constructor(file: Blob, words: string) {
    this.file = file;
    this.words = words;
  }

  /** The job's id. */
  async send(onPhase: (phase: Phase) => void, signal: AbortSignal): Promise<string> {
    this.prepared ??= await prepare(this.file);
    if (this.imageKey === undefined) {
      onPhase({ name: 'uploading', share: 0 });
      this.imageKey = await upload(this.prepared, (share) => onPhase({ name: 'uploading', share }), signal);
    }
    onPhase({ name: 'submitting' });
    const accepted = await call<{ job_id: string }>('POST', '/scan', {
      body: { image_key: this.imageKey, user_input: this.words.trim() || undefined, language: this.lang },
      headers: { 'Idempotency-Key': this.key },
      signal,
    });
    return accepted.job_id;
  }
}
