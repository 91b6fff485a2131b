import { api } from './http.ts';
import { Problem } from './problem.ts';
import { renew } from './renew.ts';
import type { JobEvent } from './types.ts';

/** The stream said nothing for three of its keepalives. */
const silence = 45_000;

export type StreamEnd = 'ended' | 'broken';

/** Reads one connection of a job's events and tells each that is newer than `after`. 'ended': the job's last event was told;
 * 'broken': connect again. Throws Problem for what trying again cannot mend. */
export async function readEvents(job: string, after: number, onOpen: () => void, onEvent: (event: JobEvent) => void, signal: AbortSignal): Promise<StreamEnd> {
  const began = Date.now();
  let response = await open(job, after, signal);
  if (response.status === 401 && (await renew(began))) response = await open(job, after, signal);
  // The last event was already told.
  if (response.status === 204) return 'ended';
  if (!response.ok || !response.body) throw await Problem.of(response);
  onOpen();

  let last = after;
  for await (const { event, data } of frames(response.body, signal)) {
    if (event === 'keepalive') continue;
    if (event === 'reconnect') return 'broken';
    const told = JSON.parse(data) as JobEvent;
    if (told.seq <= last) continue;
    last = told.seq;
    onEvent(told);
    if (['done', 'failed', 'cancelled'].includes(told.stage)) return 'ended';
  }
  return 'broken';
}

function open(job: string, after: number, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (after > 0) headers['Last-Event-ID'] = String(after);
  return fetch(`${api}/scan/${job}/events`, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
}

async function* frames(body: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): AsyncGenerator<{ event: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    while (!signal.aborted) {
      const { done, value } = await withDeadline(reader.read());
      if (done) return;
      rest += value;
      // Only whole frames: a connection that breaks inside one leaves it to the next.
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string) =>
          part.split('\n').filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join('\n');
        if (field('event') !== '') yield { event: field('event'), data: field('data') };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function withDeadline<T>(wanted: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('silent')), silence);
  });
  return Promise.race([wanted, late]).finally(() => clearTimeout(timer));
}
