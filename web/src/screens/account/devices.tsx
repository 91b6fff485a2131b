import { useState } from 'preact/hooks';
import { get, send } from '../../api/http.ts';
import { moment, t } from '../../i18n/index.ts';
import { signOut } from '../../session.ts';
import { Button, Confirm, Loading, Wrong } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { useLoaded, useTask } from '../../ui/use.ts';
import type { Session } from './types.ts';

export function Devices() {
  const { value, error, again } = useLoaded((signal) => get<{ sessions: Session[] }>('/auth/sessions', { signal }));
  const [asked, setAsked] = useState<Session | 'all' | null>(null);
  const end = useTask(async () => {
    if (asked === 'all') return signOut(true);
    await send('DELETE', `/auth/sessions/${asked!.id}`);
    setAsked(null);
    say(t().account.ended);
    again();
  });
  if (!value) return error === null ? <Loading /> : <Wrong error={error} onRetry={again} />;
  return (
    <>
      <Wrong error={error} onRetry={again} />
      <ul class="list">
        {value.sessions.map((session) => (
          <li key={session.id} class="card row between">
            <div>
              <strong>{deviceOf(session.user_agent) ?? t().account.unknownDevice}</strong>
              {session.current && <span class="badge good">{t().account.current}</span>}
              <p class="hint">{[session.address, t().account.lastUsed(moment(session.last_used_at)), t().account.signedIn(moment(session.created_at))].filter(Boolean).join(' · ')}</p>
            </div>
            {!session.current && <Button aria-label={`${deviceOf(session.user_agent) ?? t().account.unknownDevice}: ${t().account.end}`} onClick={() => { end.reset(); setAsked(session); }}>{t().account.end}</Button>}
          </li>
        ))}
      </ul>
      <Button class="wide" onClick={() => { end.reset(); setAsked('all'); }}>{t().account.endAll}</Button>
      {asked && (
        <Confirm
          title={asked === 'all' ? t().account.endAll : t().account.endTitle}
          text={asked === 'all' ? t().account.endAllText : t().account.endText}
          yes={asked === 'all' ? t().account.endAll : t().account.end}
          busy={end.busy}
          error={end.error}
          onYes={() => void end.run()}
          onNo={() => setAsked(null)}
        />
      )}
    </>
  );
}

/** Enough of a user agent to know one's own devices by. */
function deviceOf(agent: string | undefined): string | null {
  if (!agent) return null;
  const browser = /(Edg|OPR|SamsungBrowser|Whale|Firefox|Chrome|Safari)\/[\d.]+/.exec(agent)?.[1];
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux)/.exec(agent)?.[1];
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', SamsungBrowser: 'Samsung Internet', 'Mac OS X': 'macOS', CrOS: 'ChromeOS' };
  const known = [browser, system].filter((one) => one !== undefined).map((one) => names[one] ?? one);
  return known.length > 0 ? known.join(' · ') : agent.slice(0, 40);
}
