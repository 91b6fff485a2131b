import { Problem, Unreachable } from '../api/problem.ts';
import { t } from '../i18n/index.ts';

/** What went wrong, in words for people. */
export interface Trouble {
  text: string;
  /** By field, as the server named it. */
  fields: Record<string, string>;
  /** For whoever asks for help. */
  code?: string;
}

/** The same again may work. */
export const mayPass = (error: unknown): boolean => !(error instanceof Problem) || error.status >= 500 || error.status === 429 || error.status === 401;

export function troubleOf(error: unknown): Trouble {
  const words = t();
  if (error instanceof Unreachable) return { text: words.generic.unreachable, fields: {} };
  if (!(error instanceof Problem)) return { text: words.generic.other, fields: {} };
  const fields: Record<string, string> = {};
  for (const [name, said] of Object.entries(error.errors)) {
    const known = words.problems[said[0] ?? ''] ?? words.fields[name];
    if (known) fields[name] = known;
  }
  const known = words.problems[error.code];
  const wait = error.retryAfter && error.retryAfter > 5 ? ` ${words.generic.wait(error.retryAfter)}` : '';
  if (known) return { text: known + wait, fields };
  const text = error.status >= 500 ? words.generic.server : error.status === 404 ? words.generic.notFound : error.status === 429 ? words.problems.RATE_LIMITED! : words.generic.other;
  return { text: text + wait, fields, code: error.code || String(error.status) };
}
