import { useEffect, useState } from 'preact/hooks';
import { send } from '../api/http.ts';
import { t } from '../i18n/index.ts';
import { route } from '../router.ts';
import { Button, Field, Heading, Loading, Note, Wrong } from '../ui/parts.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useTask } from '../ui/use.ts';

const toSignIn = () => <p class="links"><a href="#/sign-in">{t().auth.signIn}</a></p>;

export function ForgotPassword() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const task = useTask(async () => {
    await send('POST', '/auth/password/forgot', { body: { email }, anonymous: true });
    setSent(true);
  });
  return (
    <div class="narrow">
      <Heading title={t().auth.forgotTitle}><p>{t().auth.forgotText}</p></Heading>
      <form class="card" onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
        {sent && <Note kind="good">{t().auth.linkSent}</Note>}
        <Wrong error={task.error} />
        <Field label={t().auth.email} type="email" name="email" autocomplete="username" inputMode="email" required value={email} onInput={(e) => setEmail(e.currentTarget.value)} />
        <Button type="submit" class="primary wide" busy={task.busy}>{t().auth.sendLink}</Button>
        {toSignIn()}
      </form>
    </div>
  );
}

export function ResetPassword() {
  const token = route.value.query.get('token') ?? '';
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const task = useTask(async () => {
    await send('POST', '/auth/password/reset', { body: { token, password }, anonymous: true });
    setDone(true);
  });
  const fields = task.error === null ? {} : troubleOf(task.error).fields;
  return (
    <div class="narrow">
      <Heading title={t().auth.resetTitle} />
      <div class="card">
        {done || token === '' ? (
          <Note kind={done ? 'good' : 'warn'}>{done ? t().auth.resetDone : t().auth.linkBroken}</Note>
        ) : (
          <form onSubmit={(event) => { event.preventDefault(); void task.run(); }}>
            <Wrong error={task.error} />
            <Field label={t().auth.newPassword} secret name="password" autocomplete="new-password" required minLength={8} maxLength={128} hint={t().auth.passwordHint} error={fields.password} value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
            <Button type="submit" class="primary wide" busy={task.busy}>{t().app.save}</Button>
          </form>
        )}
        {toSignIn()}
      </div>
    </div>
  );
}

export function VerifyEmail() {
  const token = route.value.query.get('token') ?? '';
  const [done, setDone] = useState(false);
  const task = useTask(async () => {
    await send('POST', '/auth/email/verify', { body: { token }, anonymous: true });
    setDone(true);
  });
  useEffect(() => {
    if (token !== '') void task.run();
  }, []);
  return (
    <div class="narrow">
      <Heading title={t().auth.verifyTitle} />
      <div class="card">
        {task.busy && <Loading />}
        {done && <Note kind="good">{t().auth.verified}</Note>}
        {token === '' && <Note kind="warn">{t().auth.linkBroken}</Note>}
        <Wrong error={task.error} onRetry={() => void task.run()} />
        <p class="links"><a href="#/home">{t().app.toHome}</a></p>
      </div>
    </div>
  );
}
