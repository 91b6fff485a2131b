import { useState } from 'preact/hooks';
import { call, get, send } from '../../api/http.ts';
import { day, t } from '../../i18n/index.ts';
import { route } from '../../router.ts';
import { Button, Field, Loading, Note, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { troubleOf } from '../../ui/trouble.ts';
import { useLoaded, useTask } from '../../ui/use.ts';
import { SecondFactor } from './second-factor.tsx';
import type { AccountState } from './types.ts';

export function Security() {
  const { value, error, again } = useLoaded((signal) => get<AccountState>('/auth/account', { signal }));
  if (!value) return error === null ? <Loading /> : <Wrong error={error} onRetry={again} />;
  return (
    <>
      <Password account={value} onChanged={again} />
      <SecondFactor account={value} onChanged={again} />
      <Providers account={value} onChanged={again} />
    </>
  );
}

interface Props {
  account: AccountState;
  onChanged: () => void;
}

function Password({ account, onChanged }: Props) {
  const [current, setCurrent] = useState('');
  const [wanted, setWanted] = useState('');
  const change = useTask(async () => {
    await send('PUT', '/auth/password', { body: { current_password: account.has_password ? current : undefined, new_password: wanted } });
    setCurrent('');
    setWanted('');
    say(t().account.passwordChanged);
    onChanged();
  });
  const fields = change.error === null ? {} : troubleOf(change.error).fields;
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); void change.run(); }}>
      <h2>{account.has_password ? t().account.changePassword : t().account.setPassword}</h2>
      <input type="text" name="username" autocomplete="username" value={account.email ?? ''} hidden readOnly />
      <Wrong error={change.error} />
      {account.has_password && <Field label={t().auth.currentPassword} secret autocomplete="current-password" required value={current} onInput={(e) => setCurrent(e.currentTarget.value)} />}
      <Field label={t().auth.newPassword} secret autocomplete="new-password" required minLength={8} maxLength={128} hint={t().auth.passwordHint} error={fields.new_password ?? fields.password} value={wanted} onInput={(e) => setWanted(e.currentTarget.value)} />
      <Button type="submit" class="primary" busy={change.busy}>{t().app.save}</Button>
    </form>
  );
}

function Providers({ account, onChanged }: Props) {
  const { value } = useLoaded((signal) => get<{ providers: { provider: string; name: string }[] }>('/auth/providers', { signal }));
  const link = useTask(async (provider: string) => {
    const { authorization_url } = await call<{ authorization_url: string }>('POST', `/auth/${provider}/link`);
    location.assign(authorization_url);
  });
  const unlink = useTask(async (provider: string) => {
    await send('DELETE', `/auth/${provider}/link`);
    onChanged();
  });
  if (!value?.providers.length) return null;
  const { query } = route.value;
  const failure = query.get('error');
  return (
    <section class="card">
      <h2>{t().account.providers}</h2>
      {failure && <Note kind="warn">{failure === 'already_linked' ? t().account.alreadyLinked : t().account.linkFailed}</Note>}
      {query.get('linked') && <Note kind="good">{t().account.linked}</Note>}
      <Wrong error={link.error ?? unlink.error} />
      <ul class="list rows">
        {value.providers.map(({ provider, name }) => {
          const linked = account.providers.find((one) => one.provider === provider);
          return (
            <li key={provider}>
              <span><strong>{name}</strong><span class="hint"> {linked ? t().account.linkedAt(day(linked.linked_at)) : t().account.notLinked}</span></span>
              {linked
                ? <Button busy={unlink.busy} aria-label={`${name}: ${t().account.unlink}`} onClick={() => void unlink.run(provider)}>{t().account.unlink}</Button>
                : <Button busy={link.busy} aria-label={`${name}: ${t().account.link}`} onClick={() => void link.run(provider)}>{t().account.link}</Button>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
