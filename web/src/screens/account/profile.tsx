import { useState } from 'preact/hooks';
import { get, send } from '../../api/http.ts';
import { Problem } from '../../api/problem.ts';
import { choose, day, language, t, type Language } from '../../i18n/index.ts';
import { changeProfile, load, signOut, user } from '../../session.ts';
import { theme, type Theme } from '../../theme.ts';
import { Button, Field, Note, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { troubleOf } from '../../ui/trouble.ts';
import { useLoaded, useTask } from '../../ui/use.ts';
import type { AccountState } from './types.ts';

export function Profile() {
  const leave = useTask(() => signOut(false));
  return (
    <>
      <Names />
      <Email />
      <Display />
      <div class="card">
        <Wrong error={leave.error} />
        <Button class="wide" busy={leave.busy} onClick={() => void leave.run()}>{t().auth.signOut}</Button>
      </div>
    </>
  );
}

function Names() {
  const me = user.value!;
  const [nickname, setNickname] = useState(me.nickname ?? '');
  const [phone, setPhone] = useState(me.phone_number ?? '');
  const save = useTask(async () => {
    const changes = { ...(nickname.trim() !== (me.nickname ?? '') && { nickname: nickname.trim() }), ...(phone.trim() !== (me.phone_number ?? '') && { phone_number: phone.trim() }) };
    let told = t().app.saved;
    try {
      await changeProfile(changes);
    } catch (wrong) {
      if (!(wrong instanceof Problem && wrong.status === 412)) throw wrong;
      await load();
      setNickname(user.value?.nickname ?? '');
      told = t().account.changedElsewhere;
    }
    setPhone(user.value?.phone_number ?? '');
    say(told);
  });
  const fields = save.error === null ? {} : troubleOf(save.error).fields;
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); void save.run(); }}>
      <p><strong>{me.display_name}</strong> · {t().account.since(day(me.created_at))}</p>
      <Wrong error={save.error} />
      <Field label={t().auth.nickname} name="nickname" autocomplete="nickname" required maxLength={120} error={fields.nickname} value={nickname} onInput={(e) => setNickname(e.currentTarget.value)} />
      <Field label={t().account.phone} name="phone" type="tel" autocomplete="tel" hint={t().account.phoneHint} error={fields.phone_number} value={phone} onInput={(e) => setPhone(e.currentTarget.value)} />
      <Button type="submit" class="primary" busy={save.busy}>{t().app.save}</Button>
    </form>
  );
}

function Email() {
  const { value } = useLoaded((signal) => get<AccountState>('/auth/account', { signal }));
  const [sent, setSent] = useState(false);
  const again = useTask(async () => {
    await send('POST', '/auth/email/verification');
    setSent(true);
  });
  if (!value?.email) return null;
  return (
    <section class="card">
      <h2>{t().auth.email}</h2>
      <p class="break">{value.email}</p>
      {value.email_verified ? <p class="hint">{t().account.emailVerified}</p> : (
        <>
          <p class="hint">{t().account.emailUnverified}</p>
          <Wrong error={again.error} />
          {sent ? <Note kind="good">{t().account.sent}</Note> : <Button busy={again.busy} onClick={() => void again.run()}>{t().account.sendAgain}</Button>}
        </>
      )}
    </section>
  );
}

function Display() {
  return (
    <section class="card">
      <h2>{t().account.display}</h2>
      <div class="field">
        <label for="language">{t().account.language}</label>
        <select id="language" value={language.value} onChange={(e) => choose(e.currentTarget.value as Language)}>
          <option value="ko" lang="ko">한국어</option>
          <option value="en" lang="en">English</option>
        </select>
      </div>
      <div class="field">
        <label for="theme">{t().account.theme}</label>
        <select id="theme" value={theme.value} onChange={(e) => { theme.value = e.currentTarget.value as Theme; }}>
          {(['system', 'light', 'dark'] as const).map((one) => <option key={one} value={one}>{t().account.themes[one]}</option>)}
        </select>
      </div>
    </section>
  );
}
