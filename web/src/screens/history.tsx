import { useEffect, useState } from 'preact/hooks';
import { get, send } from '../api/http.ts';
import { Problem } from '../api/problem.ts';
import type { ScanSummary } from '../api/types.ts';
import { moment, t } from '../i18n/index.ts';
import { loadNames, nameOf } from '../taxonomy.ts';
import { BinIcon } from '../ui/icons.tsx';
import { Button, Confirm, Heading, Loading, Wrong } from '../ui/parts.tsx';
import { say } from '../ui/say.ts';
import { useLoaded, useTask } from '../ui/use.ts';

interface Page {
  scans: ScanSummary[];
  next_cursor?: string | null;
}

const page = (cursor?: string | null, signal?: AbortSignal) => get<Page>(`/scan?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { signal });

export function History() {
  const { value, error, again, set } = useLoaded((signal) => page(null, signal));
  const [asked, setAsked] = useState<ScanSummary | null>(null);
  useEffect(loadNames, []);
  const more = useTask(async () => {
    const next = await page(value!.next_cursor);
    set({ scans: [...value!.scans, ...next.scans], next_cursor: next.next_cursor });
  });
  const remove = useTask(async (scan: ScanSummary) => {
    try {
      await send('DELETE', `/scan/${scan.job_id}`);
    } catch (wrong) {
      // Gone already, perhaps by a first try whose answer got lost.
      if (!(wrong instanceof Problem && wrong.status === 404)) throw wrong;
    }
    set({ ...value!, scans: value!.scans.filter((one) => one.job_id !== scan.job_id) });
    setAsked(null);
    say(t().history.deleted);
  });

  return (
    <div class="narrow">
      <Heading title={t().history.title} />
      <Wrong error={error} onRetry={again} />
      {!value && error === null && <Loading />}
      {value?.scans.length === 0 && (
        <div class="card empty">
          <p><strong>{t().history.empty}</strong> {t().history.emptyText}</p>
          <a class="button primary" href="#/home">{t().scan.newScan}</a>
        </div>
      )}
      {value && value.scans.length > 0 && (
        <ul class="list history">
          {value.scans.map((scan) => (
            <li key={scan.job_id} class="card">
              <Thumbnail address={scan.thumbnail_url} />
              <div>
                <a class="cover" href={`#/scan/${scan.job_id}`}>{scan.headline ?? stateText(scan)}</a>
                <p class="hint">
                  {scan.final_place && <span>{nameOf(scan.final_place, '…')}</span>}
                  <time dateTime={scan.created_at}>{moment(scan.created_at)}</time>
                  {scan.reward_status === 'granted' && <span class="badge good">{t().history.reward}</span>}
                </p>
              </div>
              <Button class="quiet" aria-label={`${t().app.delete}: ${scan.headline ?? moment(scan.created_at)}`} onClick={() => { remove.reset(); setAsked(scan); }}><BinIcon /></Button>
            </li>
          ))}
        </ul>
      )}
      {value?.next_cursor && <Button class="wide" busy={more.busy} onClick={() => void more.run()}>{t().app.more}</Button>}
      <Wrong error={more.error} />
      {asked && (
        <Confirm title={t().history.deleteTitle} text={t().history.deleteText} yes={t().app.delete} busy={remove.busy} error={remove.error} onYes={() => void remove.run(asked)} onNo={() => setAsked(null)} />
      )}
    </div>
  );
}

function stateText(scan: ScanSummary): string {
  const words = t().history;
  return scan.status === 'failed' ? words.failed : scan.status === 'cancelled' ? words.cancelled : words.running;
}

function Thumbnail({ address }: { address: string }) {
  const [gone, setGone] = useState(false);
  return gone ? <span class="thumb" aria-hidden="true" /> : <img class="thumb" src={address} alt="" width="64" height="64" loading="lazy" onError={() => setGone(true)} />;
}
