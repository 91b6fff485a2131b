import { moment, t } from '../../i18n/index.ts';
import { Heading, Loading, Note, Wrong } from '../../ui/parts.tsx';
import { Steps, usePolled } from './steps.tsx';
import type { Deletion } from './types.ts';

/** What became of a deleted account. Who has the address may see it: nobody can sign in any more. */
export function Receipt({ id }: { id: string }) {
  const { value, error } = usePolled<Deletion>(`/users/deletions/${encodeURIComponent(id)}`, (one) => one.status === 'succeeded', true);
  return (
    <div class="narrow">
      <Heading title={t().account.receipt}><p>{t().account.receiptText}</p></Heading>
      <Wrong error={error} />
      {!value && error === null && <Loading />}
      {value && (
        <section class="card" data-testid="receipt" data-status={value.status}>
          <Note kind={value.status === 'succeeded' ? 'good' : 'plain'}>{value.status === 'succeeded' ? t().account.receiptDone : value.status === 'failed' ? t().account.receiptFailed : t().account.receiptRunning}</Note>
          <p class="hint">{t().account.receiptAsked(moment(value.requested_at))}{value.finished_at && ` · ${t().account.receiptFinished(moment(value.finished_at))}`}</p>
          <Steps progress={value.progress} steps={value.steps} label={t().account.receipt} />
        </section>
      )}
    </div>
  );
}
