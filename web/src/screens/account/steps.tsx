import { useEffect, useState } from 'preact/hooks';
import { get } from '../../api/http.ts';
import { Problem } from '../../api/problem.ts';
import { t } from '../../i18n/index.ts';

/** Asks for a piece of long work every second until it has ended. */
export function usePolled<T>(path: string | null, ended: (value: T) => boolean, anonymous = false) {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    if (path === null) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async (): Promise<void> => {
      try {
        const now = await get<T>(path, { signal: leaving.signal, anonymous });
        setValue(now);
        setError(null);
        if (ended(now)) return;
      } catch (wrong) {
        if (leaving.signal.aborted) return;
        setError(wrong);
        if (wrong instanceof Problem && wrong.status < 500 && wrong.status !== 429) return;
      }
      timer = setTimeout(() => void ask(), 1000);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [path]);
  return { value, error };
}

interface Props {
  progress: number;
  steps: { name: string; status: string; removed?: Record<string, number> | null }[];
  label: string;
}

export function Steps({ progress, steps, label }: Props) {
  return (
    <>
      <div class="meter">
        <progress max={100} value={progress} aria-label={label} />
        <span class="percent" aria-hidden="true">{progress}%</span>
      </div>
      <ul class="list rows">
        {steps.map((step) => (
          <li key={step.name}>
            <span>{step.name}</span>
            <span class="hint">{t().status[step.status] ?? step.status}{step.removed && ` · ${t().account.removed(Object.values(step.removed).reduce((sum, n) => sum + n, 0))}`}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
