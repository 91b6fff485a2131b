import { signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, idempotencyKey, send } from '../api/http.ts';
import { t, language, choose } from '../i18n/index.ts';
import { go, route } from '../router.ts';
import { entered, sessionEnded } from '../session.ts';
import { Button, Field, Heading, Note, Wrong } from '../ui/parts.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useLoaded, useTask } from '../ui/use.ts';

/** Between password and second factor. In memory only. */
const challenge = signal<string | null>(null);

/** The answers carry tokens for programs; this page has cookies and does not read them. */
async function enter(path: string, body: object, headers?: Record<string, string>): Promise<void> {
  const response = await send('POST', path, { body, headers, anonymous: true });
  if (response.status === 202) {
    challenge.value = ((await response.json()) as { challenge: string }).challenge;
    go('/second-factor');
    return;
  }
  await response.body?.cancel();
  challenge.value = null;
  await entered();
  go('/home', 'replace');
}

export function SignIn() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const task = useTask(() => enter('/auth/sign-in', { email, password }));
  const failure = route.value.query.get('error');
  return (
    <div class="door">
      <Welcome />
      <form class="card" onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
        <h2>{t().auth.signIn}</h2>
        {sessionEnded.value && <Note kind="warn">{t().auth.ended}</Note>}
        {failure && <Note kind="warn">{failure === 'account_exists' ? t().auth.accountExists : t().auth.oauthFailed}</Note>}
        <Wrong error={task.error} />
        <Field label={t().auth.email} type="email" name="email" autocomplete="username" inputMode="email" required value={email} onInput={(e) => setEmail(e.currentTarget.value)} />
        <Field label={t().auth.password} secret name="password" autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
        <Button type="submit" class="primary wide" busy={task.busy}>{t().auth.signIn}</Button>
        <p class="links"><a href="#/forgot-password">{t().auth.forgot}</a></p>
        <Providers />
        <p class="links">{t().auth.noAccount} <a href="#/sign-up">{t().auth.signUp}</a></p>
        <LanguageSwitch />
      </form>
    </div>
  );
}

export function SignUp() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [nickname, setNickname] = useState('');
  // An answer that got lost is asked for again, and no account is left behind that nobody is signed in to.
  const wish = useMemo(idempotencyKey, [email, password, nickname]);
  const task = useTask(() => enter('/auth/sign-up', { email, password, nickname: nickname.trim() || undefined }, { 'Idempotency-Key': wish }));
  const fields = task.error === null ? {} : troubleOf(task.error).fields;
  return (
    <div class="narrow">
      <Heading title={t().auth.signUpTitle}><p>{t().auth.signUpText}</p></Heading>
      <form class="card" onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
        <Wrong error={task.error} />
        <Field label={t().auth.email} type="email" name="email" autocomplete="username" inputMode="email" required error={fields.email} value={email} onInput={(e) => setEmail(e.currentTarget.value)} />
        <Field label={t().auth.password} secret name="password" autocomplete="new-password" required minLength={8} maxLength={128} hint={t().auth.passwordHint} error={fields.password} value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
        <Field label={t().auth.nickname} name="nickname" autocomplete="nickname" maxLength={120} error={fields.nickname} value={nickname} onInput={(e) => setNickname(e.currentTarget.value)} />
        <Button type="submit" class="primary wide" busy={task.busy}>{t().auth.signUp}</Button>
        <p class="links">{t().auth.haveAccount} <a href="#/sign-in">{t().auth.signIn}</a></p>
        <LanguageSwitch />
      </form>
    </div>
  );
}

export function SecondFactor() {
  const [code, setCode] = useState('');
  // Who came by a provider brings it in the address, where it need not stay.
  const brought = route.value.query.get('challenge');
  useEffect(() => {
    if (brought === null) return;
    challenge.value = brought;
    go('/second-factor', 'replace');
  }, [brought]);
  const task = useTask(() => enter('/auth/second-factor', { challenge: challenge.value, code: code.replace(/\s/g, '') }));
  return (
    <div class="narrow">
      <Heading title={t().auth.secondFactor}><p>{challenge.value ? t().auth.secondFactorText : t().auth.challengeGone}</p></Heading>
      <div class="card">
        {challenge.value && (
          <form onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
            <Wrong error={task.error} />
            <Field label={t().auth.code} name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck={false} required value={code} onInput={(e) => setCode(e.currentTarget.value)} />
            <Button type="submit" class="primary wide" busy={task.busy}>{t().auth.confirm}</Button>
          </form>
        )}
        <p class="links"><a href="#/sign-in">{t().auth.startOver}</a></p>
      </div>
    </div>
  );
}

/** The ways in by other services that this installation knows. Plain links: the browser goes there and comes back. */
function Providers() {
  const { value } = useLoaded((signal) => get<{ providers: { provider: string; name: string }[] }>('/auth/providers', { signal, anonymous: true }));
  if (!value?.providers.length) return null;
  return (
    <div class="providers">
      <p class="or"><span>{t().auth.or}</span></p>
      {value.providers.map(({ provider, name }) => (
        <a class="button wide" href={`/api/v1/auth/${provider}/authorize?redirect=true`}>{t().auth.with(name)}</a>
      ))}
    </div>
  );
}

function Welcome() {
  return (
    <section class="welcome">
      <img src="/assets/character/eco.png" alt="" width="160" height="160" />
      <Heading title={t().auth.welcome}><p>{t().auth.welcomeText}</p></Heading>
    </section>
  );
}

export function LanguageSwitch() {
  return (
    <div class="languages" role="group" aria-label={`${t().account.language}`}>
      <button type="button" class="quiet" lang="ko" aria-pressed={language.value === 'ko'} onClick={() => choose('ko')}>한국어</button>
      <button type="button" class="quiet" lang="en" aria-pressed={language.value === 'en'} onClick={() => choose('en')}>English</button>
    </div>
  );
}
