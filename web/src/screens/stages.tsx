import { clock, t } from '../i18n/index.ts';
import { stages, type Run, type Stage } from '../scan/run.ts';
import { nameOf, spoken } from '../taxonomy.ts';
import { CrossIcon, SkipIcon, TickIcon } from '../ui/icons.tsx';

/** How far a scan is, as its events tell: nothing moves that did not happen. */
export function Stages({ run }: { run: Run }) {
  return (
    <section class="card stages" aria-label={t().scan.progress}>
      <div class="meter">
        <progress max={100} value={run.progress} aria-label={t().scan.progress} />
        <span class="percent" aria-hidden="true">{run.progress}%</span>
      </div>
      <ol aria-live="polite">
        {stages.map((stage) => {
          const state = run.states[stage];
          return (
            <li key={stage} class={state} data-stage={stage} data-state={state}>
              <span class="sign" aria-hidden="true">
                {state === 'completed' && <TickIcon />}
                {state === 'failed' && <CrossIcon />}
                {state === 'skipped' && <SkipIcon />}
                {state === 'started' && <span class="spinner" />}
              </span>
              <span class="what">
                <strong>{t().scan.stages[stage]}</strong>
                <span class="state"> {t().scan.states[state]}</span>
                {(state === 'completed' || state === 'skipped') && <span class="found">{found(run, stage)}</span>}
              </span>
            </li>
          );
        })}
      </ol>
      <details class="log">
        <summary>{t().scan.log}</summary>
        <ol>
          {run.log.map(({ seq, stage, status, ts }) => (
            <li key={seq} data-seq={seq} data-event={`${stage}/${status}`}>
              <span>{t().scan.logText(t().scan.stages[stage] ?? t().scan.done, t().scan.states[status] ?? status, clock(ts))}</span>
            </li>
          ))}
        </ol>
      </details>
    </section>
  );
}

function found(run: Run, stage: Stage): string {
  const words = t().scan;
  if (stage === 'vision') return run.vision ? seenText(run.vision) : '';
  if (stage === 'rule') return run.rule?.name ? words.ruleFound(nameOf(run.answer?.final_place?.code, run.answer?.final_place?.name ?? run.rule.name)) : words.ruleMissing;
  if (stage === 'answer') return words.answerReady;
  const reward = run.reward;
  if (reward?.status === 'granted' && reward.character) return words.rewardGranted(spoken(reward.character));
  if (reward?.status === 'already_owned' && reward.character) return words.rewardOwned(spoken(reward.character));
  return reward?.status === 'pending' ? words.rewardPending : words.rewardNone;
}

export function seenText(vision: NonNullable<Run['vision']>): string {
  const { primary, others, unsure } = vision;
  if (primary.middle_code === 'unclassified') return t().scan.seenNothing;
  const middle = nameOf(primary.middle_code, primary.middle_category);
  const item = primary.minor_category && primary.minor_category !== primary.middle_category ? nameOf(primary.item_code, primary.minor_category) : '';
  const what = item && item !== middle ? `${item} (${middle})` : middle;
  const percent = Math.round(primary.confidence * 100);
  const rest = others.map((one) => nameOf(one.item_code ?? one.middle_code, one.minor_category ?? one.middle_category));
  return (unsure ? t().scan.seenUnsure(what, percent) : t().scan.seen(what, percent)) + (rest.length > 0 ? ` · ${t().scan.others(rest.join(', '))}` : '');
}
