import type { Answer, JobError, JobEvent, Reward, ScanResult, Vision } from '../api/types.ts';

export const stages = ['vision', 'rule', 'answer', 'reward'] as const;
export type Stage = (typeof stages)[number];
export type StageState = 'waiting' | 'started' | 'completed' | 'skipped' | 'failed';

/** What is known of a scan. */
export interface Run {
  /** Number of the last event that was taken in; the stream is joined after it. */
  seq: number;
  progress: number;
  states: Record<Stage, StageState>;
  /** Every event once, oldest first. */
  log: { seq: number; stage: string; status: string; ts: string }[];
  vision?: Vision;
  rule?: { name?: string };
  answer?: Answer;
  reward?: Reward;
  end?: 'completed' | 'failed' | 'cancelled';
  error?: JobError;
  result?: ScanResult;
}

export const fresh: Run = { seq: 0, progress: 0, states: { vision: 'waiting', rule: 'waiting', answer: 'waiting', reward: 'waiting' }, log: [] };

const isStage = (name: string): name is Stage => (stages as readonly string[]).includes(name);

/** The run after an event; the same run if it was taken in before. */
export function apply(run: Run, event: JobEvent): Run {
  if (event.seq <= run.seq) return run;
  const next: Run = { ...run, seq: event.seq, progress: Math.max(run.progress, event.progress) };
  if (event.stage === 'token') return next;
  next.log = [...run.log, { seq: event.seq, stage: event.stage, status: event.status, ts: event.ts }];
  if (isStage(event.stage)) {
    next.states = { ...run.states, [event.stage]: event.status as StageState };
    if (event.status !== 'started') {
      if (event.stage === 'vision') next.vision = event.result as Vision | undefined;
      if (event.stage === 'rule') next.rule = event.result as { name?: string } | undefined;
      if (event.stage === 'answer') next.answer = event.result as Answer | undefined;
      if (event.stage === 'reward') next.reward = event.result as Reward | undefined;
    }
  } else if (event.stage === 'done') {
    return finish(next, event.result as ScanResult);
  } else if (event.stage === 'failed' || event.stage === 'cancelled') {
    next.end = event.stage;
    next.error = event.error;
  }
  return next;
}

/** The run once its result is known, whether from the last event or from the history. */
export function finish(run: Run, result: ScanResult): Run {
  return {
    ...run,
    progress: result.status === 'completed' ? 100 : run.progress,
    vision: result.vision ?? run.vision,
    answer: result.answer ?? run.answer,
    reward: result.reward ?? run.reward,
    error: result.error ?? run.error,
    end: result.status === 'processing' ? undefined : result.status,
    result,
  };
}
