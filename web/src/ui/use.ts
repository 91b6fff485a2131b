import { useEffect, useRef, useState } from 'preact/hooks';
import { noticed } from '../session.ts';

/** Something that takes a while and may fail: `run` starts it unless it runs already. */
export function useTask<A extends unknown[]>(work: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const running = useRef(false);
  const run = async (...args: A): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await work(...args);
    } catch (wrong) {
      setError(wrong);
      noticed(wrong);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, run, reset: () => setError(null) };
}

/** Something that a screen shows, asked for when it opens, when `again` is called and when the network comes back after a failure. */
export function useLoaded<T>(ask: (signal: AbortSignal) => Promise<T>, of: unknown[] = []) {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const again = () => setRound((n) => n + 1);
  useEffect(() => {
    const leaving = new AbortController();
    setError(null);
    ask(leaving.signal).then(setValue, (wrong) => {
      if (leaving.signal.aborted) return;
      noticed(wrong);
      setError(wrong);
    });
    return () => leaving.abort();
  }, [round, ...of]);
  useEffect(() => {
    if (error === null) return;
    addEventListener('online', again);
    return () => removeEventListener('online', again);
  }, [error]);
  return { value, error, again, set: setValue };
}
