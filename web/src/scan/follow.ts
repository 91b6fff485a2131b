import { send } from '../api/http.ts';
import { Problem } from '../api/problem.ts';
import { readEvents } from '../api/stream.ts';
import type { ScanResult } from '../api/types.ts';
import { apply, finish, fresh, type Run } from './run.ts';

export type Connection = 'joining' | 'live' | 'broken' | 'crowded' | 'over';

/** Follows a scan to its end, through every loss of connection. Rejects with Problem for what no patience mends, such as a scan of somebody else.
 * The numbers of the events are what keeps each one single: the stream is joined after the last one taken in.
 * @param isNew It was submitted just now, so there is no result to ask for. */
export async function follow(job: string, isNew: boolean, onRun: (run: Run) => void, onConnection: (state: Connection) => void, signal: AbortSignal): Promise<void> {
  let run = fresh;
  const tell = (next: Run) => {
    if (next !== run) onRun((run = next));
  };

  for (let failures = 0; !signal.aborted; ) {
    try {
      // Whatever was finished before is in the history; and whoever cannot hold a stream open can still ask.
      if ((failures === 0 && !isNew) || failures > 1) {
        const result = await resultOf(job, signal);
        if (result) {
          tell(finish(run, result));
          onConnection('over');
          return;
        }
      }
      const end = await readEvents(
        job,
        run.seq,
        () => {
          failures = 0;
          onConnection('live');
        },
        (event) => tell(apply(run, event)),
        signal,
      );
      if (end === 'ended') {
        // A failed or stopped scan ends without its document, and the document may be written a moment later than the event.
        const result = run.result ?? (await resultOf(job, signal));
        if (result) tell(finish(run, result));
        if (run.end) {
          onConnection('over');
          return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status === 410) {
        // The stream's log has died of age; the history has not.
        failures = Math.max(failures, 1);
      } else if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        throw error;
      }
      onConnection(error instanceof Problem && error.code === 'TOO_MANY_STREAMS' ? 'crowded' : 'broken');
    }
    failures++;
    await pause(Math.min(8000, 400 * 2 ** failures) * (0.75 + Math.random() / 2), signal);
  }
}

async function resultOf(job: string, signal: AbortSignal): Promise<ScanResult | undefined> {
  const response = await send('GET', `/scan/${job}/result`, { signal });
  return response.status === 200 ? ((await response.json()) as ScanResult) : undefined;
}

/** Waits, but not when the network comes back or the tab is looked at again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener('online', over);
      document.removeEventListener('visibilitychange', over);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    addEventListener('online', over);
    document.addEventListener('visibilitychange', over);
    signal.addEventListener('abort', over);
  });
}
