import { useState } from 'preact/hooks';
import { call, get, idempotencyKey, send } from '../../api/http.ts';
import { day, moment, t } from '../../i18n/index.ts';
import { Button, Confirm, Field, Loading, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { troubleOf } from '../../ui/trouble.ts';
import { useLoaded, useTask } from '../../ui/use.ts';
import type { Key } from './types.ts';

export function Keys() {
  const { value, error, again } = useLoaded((signal) => get<{ keys: Key[] }>('/auth/keys', { signal }));
  const [asked, setAsked] = useState<Key | null>(null);
  const [made, setMade] = useState<string | null>(null);
  const remove = useTask(async (key: Key) => {
    await send('DELETE', `/auth/keys/${key.id}`);
    setAsked(null);
    say(t().account.keyGone);
    again();
  });
  if (!value) return error === null ? <Loading /> : <Wrong error={error} onRetry={again} />;
  return (
    <>
      <p>{t().account.keysText}</p>
      {made ? <Made secret={made} onKept={() => setMade(null)} /> : <Create onMade={(secret) => { setMade(secret); again(); }} />}
      {value.keys.length === 0 && <p class="hint">{t().account.noKeys}</p>}
      <ul class="list">
        {value.keys.map((key) => (
          <li key={key.id} class="card row between">
            <div>
              <strong>{key.name}</strong> <code>{key.prefix}…</code>
              <p class="hint">
                {[
                  key.scopes.map((scope) => t().account.scopes[scope] ?? scope).join(', '),
                  key.expires_at ? t().account.keyUntil(day(key.expires_at)) : t().account.keyNever,
                  key.last_used_at ? t().account.lastUsed(moment(key.last_used_at)) : t().account.keyUnused,
                ].join(' · ')}
              </p>
            </div>
            <Button aria-label={`${t().app.delete}: ${key.name}`} onClick={() => { remove.reset(); setAsked(key); }}>{t().app.delete}</Button>
          </li>
        ))}
      </ul>
      {asked && <Confirm title={t().account.keyDeleteTitle} text={t().account.keyDeleteText} yes={t().app.delete} busy={remove.busy} error={remove.error} onYes={() => void remove.run(asked)} onNo={() => setAsked(null)} />}
    </>
  );
}

function Create({ onMade }: { onMade: (secret: string) => void }) {
  const all = Object.keys(t().account.scopes);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['scan:read', 'scan:write']);
  const [until, setUntil] = useState('');
  // Kept until it worked: an answer that got lost does not leave a key behind that nobody has seen.
  const [wish, setWish] = useState(idempotencyKey);
  const create = useTask(async () => {
    const body = { name: name.trim(), scopes, expires_at: until ? new Date(`${until}T23:59:59`).toISOString() : undefined };
    const { key } = await call<{ key: string }>('POST', '/auth/keys', { body, headers: { 'Idempotency-Key': wish } });
    setWish(idempotencyKey());
    onMade(key);
  });
  const fields = create.error === null ? {} : troubleOf(create.error).fields;
  const changed = <T,>(set: (value: T) => void) => (value: T) => {
    setWish(idempotencyKey());
    set(value);
  };
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); void create.run(); }}>
      <Wrong error={create.error} />
      <Field label={t().account.keyName} name="name" required maxLength={60} error={fields.name} value={name} onInput={(e) => changed(setName)(e.currentTarget.value)} />
      <fieldset>
        <legend>{t().account.keyScopes}</legend>
        {all.map((scope) => (
          <label key={scope} class="check">
            <input type="checkbox" checked={scopes.includes(scope)} onChange={(e) => changed(setScopes)(e.currentTarget.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))} />
            <span>{t().account.scopes[scope]} <code>{scope}</code></span>
          </label>
        ))}
      </fieldset>
      <Field label={t().account.keyExpires} name="until" type="date" error={fields.expires_at} value={until} onInput={(e) => changed(setUntil)(e.currentTarget.value)} />
      <Button type="submit" class="primary" busy={create.busy} disabled={scopes.length === 0}>{t().account.keyCreate}</Button>
    </form>
  );
}

function Made({ secret, onKept }: { secret: string; onKept: () => void }) {
  return (
    <section class="card" data-testid="new-key">
      <p role="status">{t().account.keyShown}</p>
      <p><code class="break">{secret}</code></p>
      <div class="row">
        <Button onClick={() => void navigator.clipboard?.writeText(secret).then(() => say(t().app.copied))}>{t().app.copy}</Button>
        <Button class="primary" onClick={onKept}>{t().account.codesKept}</Button>
      </div>
    </section>
  );
}
