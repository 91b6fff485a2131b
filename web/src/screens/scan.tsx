import { useEffect, useState } from 'preact/hooks';
import { send } from '../api/http.ts';
import { t } from '../i18n/index.ts';
import { follow, type Connection } from '../scan/follow.ts';
import { justSubmitted } from '../scan/recent.ts';
import { fresh, type Run } from '../scan/run.ts';
import { noticed } from '../session.ts';
import { loadNames } from '../taxonomy.ts';
import { Button, Heading, Loading, Wrong } from '../ui/parts.tsx';
import { announced } from '../ui/say.ts';
import { useTask } from '../ui/use.ts';
import { AnswerView, Failure } from './answer.tsx';
import { RewardView } from './reward.tsx';
import { Stages } from './stages.tsx';

/** A scan while it runs and ever after: live from its stream, or from the history. */
export function ScanScreen({ id }: { id: string }) {
  const [run, setRun] = useState<Run>(fresh);
  const [connection, setConnection] = useState<Connection>('joining');
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const stop = useTask(async () => {
    await send('DELETE', `/jobs/${id}`);
  });

  useEffect(loadNames, []);
  useEffect(() => {
    const leaving = new AbortController();
    setError(null);
    follow(id, justSubmitted.value === id, setRun, setConnection, leaving.signal).catch((wrong) => {
      noticed(wrong);
      setError(wrong);
    });
    justSubmitted.value = null;
    return () => leaving.abort();
  }, [id, round]);

  const live = run.log.length > 0;
  useEffect(() => {
    if (run.end && live) announced.value = `${t().scan.done}. ${run.answer?.headline ?? ''}`;
    return () => {
      announced.value = '';
    };
  }, [run.end]);

  if (error !== null) {
    return (
      <div class="narrow">
        <Heading title={t().history.detail} />
        <Wrong error={error} onRetry={() => setRound(round + 1)} />
        <p class="links"><a href="#/history">{t().history.title}</a></p>
      </div>
    );
  }
  const waiting = !run.end && !live;
  const won = run.end === 'completed' && run.reward?.status === 'granted';
  return (
    <div class="scan">
      <Heading title={run.end ? t().history.detail : t().scan.working} />
      {connection === 'broken' && <p class="banner inside" role="status" data-testid="reconnecting">{t().scan.reconnecting}</p>}
      {connection === 'crowded' && <p class="banner inside" role="status">{t().scan.tooMany}</p>}
      <div class="columns">
        <div class="aside">
          {run.result?.image_url && <Picture key={run.result.image_url} address={run.result.image_url} />}
          {waiting && connection === 'joining' ? <Loading /> : (live || !run.end) && <Stages run={run} />}
          {!run.end && <Button class="quiet" busy={stop.busy} onClick={() => void stop.run()}>{t().scan.stop}</Button>}
          <Wrong error={stop.error} />
        </div>
        <div class="main" aria-busy={!run.end}>
          {won && <RewardView reward={run.reward!} celebrate={live} />}
          {run.answer && <AnswerView answer={run.answer} vision={run.vision} words={run.result?.pipeline_result?.classification_result?.meta?.user_input} warnings={run.result?.warnings ?? []} />}
          {run.end === 'completed' && run.reward && !won && <RewardView reward={run.reward} celebrate={false} />}
          {(run.end === 'failed' || run.end === 'cancelled') && <Failure end={run.end} error={run.error} />}
          {run.end && <p class="links"><a class="button primary" href="#/home">{t().scan.newScan}</a></p>}
        </div>
      </div>
    </div>
  );
}

/** Pictures are kept for less long than results. */
function Picture({ address }: { address: string }) {
  const [gone, setGone] = useState(false);
  return gone ? null : <img class="preview" src={address} alt={t().scan.picture} onError={() => setGone(true)} />;
}
