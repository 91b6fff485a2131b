import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Unreachable } from './api/problem.ts';
import { t } from './i18n/index.ts';
import { go, route } from './router.ts';
import { Characters } from './screens/characters.tsx';
import { History } from './screens/history.tsx';
import { Home } from './screens/home.tsx';
import { ScanScreen } from './screens/scan.tsx';
import { ForgotPassword, ResetPassword, VerifyEmail } from './screens/mail-links.tsx';
import { SecondFactor, SignIn, SignUp } from './screens/sign-in.tsx';
import { forget, load, mayBeSignedIn, unknown, user } from './session.ts';
import './theme.ts';
import { Heading, Loading, Wrong } from './ui/parts.tsx';
import { announced, said } from './ui/say.ts';
import { CameraIcon, FriendsIcon, HistoryIcon, PersonIcon } from './ui/icons.tsx';

export const online = signal(navigator.onLine);
addEventListener('online', () => (online.value = true));
addEventListener('offline', () => (online.value = false));

/** Screens that need nobody. Whoever is signed in has no use for the doors. */
const open: Record<string, ComponentType> = { '/verify-email': VerifyEmail, '/reset-password': ResetPassword };
const doors: Record<string, ComponentType> = { '/sign-in': SignIn, '/login': SignIn, '/sign-up': SignUp, '/second-factor': SecondFactor, '/forgot-password': ForgotPassword };

export function App() {
  useEffect(() => {
    // A stranger's first view asks nothing. After a provider's way back the cookies are there without a mark of ours.
    const { path } = route.value;
    if (mayBeSignedIn() || !(path === '/' || path in doors || path in open)) {
      const ask = () => void load();
      ask();
      addEventListener('online', ask);
      return () => removeEventListener('online', ask);
    }
    forget();
    return undefined;
  }, []);

  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('main')?.focus(); }}>{t().app.skip}</a>
      <Top />
      {!online.value && <p class="banner" role="status">{t().net.offline}</p>}
      <main id="main" tabIndex={-1} key={route.value.path.startsWith('/account') ? '/account' : route.value.path}><Screen /></main>
      <div class="visually-hidden" role="status">{announced.value}</div>
      <div class="said" role="status">{said.value && <span key={said.value.number}>{said.value.text}</span>}</div>
    </>
  );
}

function Screen() {
  const { path } = route.value;
  const Open = open[path];
  if (Open) return <Open />;
  if (path.startsWith('/receipt/')) return <Later />;
  if (user.value === undefined) return <Knocking />;
  if (user.value === null) {
    const Door = doors[path] ?? SignIn;
    return <Door />;
  }
  if (path === '/' || path === '/home' || path in doors) return <Home />;
  if (path.startsWith('/scan/')) return <ScanScreen id={path.slice('/scan/'.length)} />;
  if (path === '/history') return <History />;
  if (path === '/characters') return <Characters />;
  if (path === '/account' || path.startsWith('/account/')) return <Later />;
  return (
    <div class="card">
      <Heading title={t().app.notFound} />
      <button type="button" onClick={() => go('/home')}>{t().app.toHome}</button>
    </div>
  );
}

/** Asking who is there. Without a network the answer may take until it is back. */
const Knocking = () => (unknown.value ? <Wrong error={new Unreachable()} onRetry={() => void load()} /> : <Loading />);

/** The account's screens are seldom needed, so they are loaded when they are. */
function Later() {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ask = () => {
    setError(null);
    import('./screens/account/index.tsx').then((module) => setLoaded(() => module.Account), setError);
  };
  useEffect(ask, []);
  if (error !== null) return <Wrong error={error} onRetry={ask} />;
  return Loaded ? <Loaded /> : <Loading />;
}

function Top() {
  const { path } = route.value;
  const links = [
    ['/home', t().nav.scan, CameraIcon],
    ['/history', t().nav.history, HistoryIcon],
    ['/characters', t().nav.characters, FriendsIcon],
    ['/account', t().nav.account, PersonIcon],
  ] as const;
  return (
    <header class="top">
      <a class="brand" href="#/home">Eco²</a>
      {user.value && (
        <nav aria-label={t().app.menu}>
          {links.map(([to, name, Sign]) => (
            <a href={`#${to}`} aria-current={path === to || (to === '/home' && path === '/') || (to === '/account' && path.startsWith('/account/')) ? 'page' : undefined}>
              <Sign />
              <span>{name}</span>
            </a>
          ))}
        </nav>
      )}
    </header>
  );
}

