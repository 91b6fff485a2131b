import { Problem, Unreachable } from './problem.ts';
import { renew } from './renew.ts';

export const api = '/api/v1';

/** The edge takes a cookie on an unsafe call only from our own pages; this header is what other sites cannot send. */
export const ours = { 'X-Requested-With': 'eco2' };

export interface Wishes {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** A call that is no business of a session: a 401 is its answer. */
  anonymous?: boolean;
}

/** Sends one request, with the session renewed and the request repeated if it had run out; a second time if another tab's renewal failed. Throws Problem or Unreachable. */
export async function send(method: string, path: string, wishes: Wishes = {}): Promise<Response> {
  const began = Date.now();
  let response = await once(method, path, wishes);
  for (let turn = 1; response.status === 401 && !wishes.anonymous && turn <= 2 && (await renew(began)); turn++) {
    response = await once(method, path, wishes);
  }
  if (!response.ok) throw await Problem.of(response);
  return response;
}

export async function get<T>(path: string, wishes?: Wishes): Promise<T> {
  return (await (await send('GET', path, wishes)).json()) as T;
}

export async function call<T>(method: string, path: string, wishes?: Wishes): Promise<T> {
  const response = await send(method, path, wishes);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** One for each thing that somebody does; a repeat of the same thing carries the same. */
export function idempotencyKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function once(method: string, path: string, wishes: Wishes): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...(method === 'GET' ? {} : ours), ...wishes.headers };
  let body: BodyInit | undefined;
  if (wishes.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(wishes.body);
  }
  try {
    return await fetch(api + path, { method, headers, body, signal: wishes.signal, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (wishes.signal?.aborted) throw error;
    throw new Unreachable();
  }
}
