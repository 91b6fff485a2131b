import { useMemo, useState } from 'preact/hooks';
import { encode } from 'uqr';
import { call, send } from '../../api/http.ts';
import { t } from '../../i18n/index.ts';
import { Button, Field, Note, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { useTask } from '../../ui/use.ts';
import type { AccountState } from './types.ts';

interface Pending {
  secret: string;
  otpauth_uri: string;
}

/** Turning the second factor on and off. Codes and secret are shown once and kept nowhere. */
export function SecondFactor({ account, onChanged }: { account: AccountState; onChanged: () => void }) {
  const [password, setPassword] = useState('');
  const [pending, setPending] = useState<Pending | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [code, setCode] = useState('');
  const plain = code.replace(/\s/g, '');
  const start = useTask(async () => {
    setPending(await call<Pending>('POST', '/auth/totp', { body: { password: account.has_password ? password : undefined } }));
    setPassword('');
  });
  const confirm = useTask(async () => {
    setCodes((await call<{ backup_codes: string[] }>('POST', '/auth/totp/confirm', { body: { code: plain } })).backup_codes);
    setPending(null);
    setCode('');
    onChanged();
  });
  const renew = useTask(async () => {
    setCodes((await call<{ backup_codes: string[] }>('POST', '/auth/totp/backup-codes', { body: { code: plain } })).backup_codes);
    setCode('');
    onChanged();
  });
  const stop = useTask(async () => {
    await send('DELETE', '/auth/totp', { body: { code: plain } });
    setCode('');
    onChanged();
  });
  const field = <Field label={t().auth.code} name="code" inputMode="numeric" autocomplete="one-time-code" required value={code} onInput={(e) => setCode(e.currentTarget.value)} />;

  return (
    <section class="card">
      <h2>{t().account.totp}</h2>
      {codes ? <BackupCodes codes={codes} onKept={() => setCodes(null)} /> : pending ? (
        <form onSubmit={(event) => { event.preventDefault(); void confirm.run(); }}>
          <p>{t().account.totpScan}</p>
          <QrCode text={pending.otpauth_uri} label={t().account.totpQr} />
          <p class="hint">{t().account.totpManual}: <code class="break">{pending.secret}</code></p>
          <Wrong error={confirm.error} />
          {field}
          <Button type="submit" class="primary" busy={confirm.busy}>{t().account.totpConfirm}</Button>
        </form>
      ) : account.second_factor ? (
        <form onSubmit={(event) => { event.preventDefault(); void stop.run(); }}>
          <Note kind="good">{t().account.totpOn} {t().account.codesLeft(account.backup_codes_left)}</Note>
          <p class="hint">{t().account.totpStopText} {t().account.newCodesText}</p>
          <Wrong error={stop.error ?? renew.error} />
          {field}
          <div class="row">
            <Button busy={renew.busy} onClick={() => void renew.run()}>{t().account.newCodes}</Button>
            <Button type="submit" class="danger" busy={stop.busy}>{t().account.totpStop}</Button>
          </div>
        </form>
      ) : !account.email_verified ? (
        <Note kind="warn"><p>{t().account.totpNeedsEmail} <a href="#/account">{t().account.profile}</a></p></Note>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); void start.run(); }}>
          <p>{t().account.totpOff}</p>
          <Wrong error={start.error} />
          {account.has_password && <Field label={t().auth.currentPassword} secret autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} />}
          <Button type="submit" busy={start.busy}>{t().account.totpStart}</Button>
        </form>
      )}
    </section>
  );
}

function BackupCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  return (
    <div data-testid="backup-codes">
      <h3>{t().account.codes}</h3>
      <p>{t().account.codesText}</p>
      <ul class="codes">{codes.map((one) => <li key={one}><code>{one}</code></li>)}</ul>
      <div class="row">
        <Button onClick={() => void navigator.clipboard?.writeText(codes.join('\n')).then(() => say(t().app.copied))}>{t().app.copy}</Button>
        <Button class="primary" onClick={onKept}>{t().account.codesKept}</Button>
      </div>
    </div>
  );
}

/** Always dark on light: scanners want it so. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => {
    const { size, data } = encode(text, { border: 2 });
    return { size, path: data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('') };
  }, [text]);
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
