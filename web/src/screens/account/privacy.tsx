import { useEffect, useState } from 'preact/hooks';
import { call, idempotencyKey, send } from '../../api/http.ts';
import { Problem } from '../../api/problem.ts';
import { moment, t } from '../../i18n/index.ts';
import { go } from '../../router.ts';
import { forget, user } from '../../session.ts';
import { recall, remember } from '../../storage.ts';
import { Button, Confirm, Field, Loading, Note, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { useLoaded, useTask } from '../../ui/use.ts';
import { Steps, usePolled } from './steps.tsx';
import type { Export, Settings } from './types.ts';

export function Privacy() {
  return (
    <>
      <Consents />
      <GetData />
      <Delete />
    </>
  );
}

function Consents() {
  const { value, error, again, set } = useLoaded(async (signal) => read(await send('GET', '/users/me/settings', { signal })));
  const save = useTask(async () => {
    try {
      set(await read(await send('PATCH', '/users/me/settings', { body: value!.settings, headers: { 'If-Match': value!.tag } })));
    } catch (wrong) {
      if (!(wrong instanceof Problem && wrong.status === 412)) throw wrong;
      again();
      return say(t().account.changedElsewhere);
    }
    say(t().app.saved);
  });
  if (!value) return error === null ? <Loading /> : <Wrong error={error} onRetry={again} />;
  const { consents, retention } = value.settings;
  const change = (settings: Settings) => set({ ...value, settings });
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); void save.run(); }}>
      <Wrong error={save.error} />
      <fieldset>
        <legend>{t().account.consents}</legend>
        {(['analytics', 'improvement'] as const).map((name) => (
          <label key={name} class="check">
            <input type="checkbox" checked={consents[name]} onChange={(e) => change({ consents: { ...consents, [name]: e.currentTarget.checked }, retention })} />
            <span><strong>{t().account[name]}</strong><br />{t().account[`${name}Text`]}</span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t().account.retention}</legend>
        <Field label={t().account.resultDays} type="number" min={1} max={1095} required value={retention.result_days} onInput={(e) => change({ consents, retention: { ...retention, result_days: e.currentTarget.valueAsNumber } })} />
        <Field label={t().account.pictureDays} type="number" min={1} max={365} required value={retention.picture_days} onInput={(e) => change({ consents, retention: { ...retention, picture_days: e.currentTarget.valueAsNumber } })} />
      </fieldset>
      <Button type="submit" class="primary" busy={save.busy}>{t().app.save}</Button>
    </form>
  );
}

const read = async (response: Response) => ({ settings: (await response.json()) as Settings, tag: response.headers.get('ETag') ?? '*' });

function GetData() {
  // The last one of this person, so that it is found again after the page was closed.
  const mark = `export.${user.value!.id}`;
  const [id, setId] = useState(recall(mark));
  const [wish, setWish] = useState(idempotencyKey);
  const { value, error } = usePolled<Export>(id === null ? null : `/users/me/exports/${id}`, (one) => one.status !== 'running' && one.status !== 'queued');
  const start = useTask(async () => {
    const made = await call<{ id: string }>('POST', '/users/me/exports', { headers: { 'Idempotency-Key': wish } });
    setWish(idempotencyKey());
    remember(mark, made.id);
    setId(made.id);
  });
  const gone = error instanceof Problem && error.status === 404;
  useEffect(() => {
    if (gone) remember(mark, null);
  }, [gone]);
  const running = id !== null && !gone && (value === undefined || value.status === 'running' || value.status === 'queued');
  return (
    <section class="card" data-testid="export">
      <h2>{t().account.export}</h2>
      <p>{t().account.exportText}</p>
      <Wrong error={start.error ?? (gone ? null : error)} />
      {value && !gone && (
        <>
          <p role="status">{value.status === 'succeeded' ? t().account.exportReady : value.status === 'failed' ? t().account.exportFailed : t().account.exportRunning}</p>
          {value.status !== 'succeeded' && <Steps progress={value.progress} steps={value.steps} label={t().account.export} />}
          {value.status === 'succeeded' && value.archive_url && (
            <>
              <p><a class="button primary" href={value.archive_url} download>{t().account.exportDownload}</a></p>
              {value.expires_at && <p class="hint">{t().account.exportUntil(moment(value.expires_at))}</p>}
            </>
          )}
        </>
      )}
      {!running && <Button busy={start.busy} onClick={() => void start.run()}>{t().account.exportStart}</Button>}
    </section>
  );
}

function Delete() {
  const [asked, setAsked] = useState(false);
  const [sure, setSure] = useState(false);
  const remove = useTask(async () => {
    const { receipt_url } = await call<{ id: string; receipt_url: string }>('DELETE', '/users/me');
    // First the receipt, then nobody: the other order would show the door in between.
    go(`/receipt/${receipt_url.split('/').pop()}`, 'replace');
    forget();
  });
  return (
    <section class="card">
      <h2>{t().account.deletion}</h2>
      <p>{t().account.deletionText}</p>
      <Button class="danger" onClick={() => { remove.reset(); setSure(false); setAsked(true); }}>{t().account.deletionDo}</Button>
      {asked && (
        <Confirm title={t().account.deletionTitle} text={t().account.deletionText} yes={t().account.deletionDo} blocked={!sure} busy={remove.busy} error={remove.error} onYes={() => void remove.run()} onNo={() => setAsked(false)}>
          <label class="check">
            <input type="checkbox" checked={sure} onChange={(e) => setSure(e.currentTarget.checked)} />
            <span>{t().account.deletionSure}</span>
          </label>
          <Note><p>{t().account.receiptText}</p></Note>
        </Confirm>
      )}
    </section>
  );
}
