import { recall, remember } from '../storage.ts';
import { Problem, Unreachable } from './problem.ts';

let running: Promise<boolean> | undefined;

/** Gets new cookies. A refresh token works once and its second use ends the session, so the tabs of a browser take turns, and who waited
 * while another tab did it is done. False: the session has ended.
 * @param since When the refused request was sent, ms. */
export function renew(since: number): Promise<boolean> {
  running ??= takeTurns(since).finally(() => {
    running = undefined;
  });
  return running;
}

async function takeTurns(since: number): Promise<boolean> {
  // Browsers have locks only where the connection is secure; elsewhere the tabs cannot take turns.
  if (!('locks' in navigator)) return renewOnce(since);
  const mine = await navigator.locks.request('eco2.renew', { ifAvailable: true }, (lock) => lock && renewOnce(since));
  if (mine !== null) return mine;
  // What another tab writes down may be seen here a moment later; that it has had its turn is seen at once.
  await navigator.locks.request('eco2.renew', () => undefined);
  return true;
}

async function renewOnce(since: number): Promise<boolean> {
  if (Number(recall('renewed')) > since) return true;
  let response: Response;
  try {
    response = await fetch('/api/v1/auth/refresh', { method: 'POST', headers: { 'X-Requested-With': 'eco2' }, credentials: 'same-origin' });
  } catch {
    throw new Unreachable();
  }
  if (response.ok) {
    remember('renewed', String(Date.now()));
    return true;
  }
  if (response.status === 400 || response.status === 401) return false;
  throw await Problem.of(response);
}
