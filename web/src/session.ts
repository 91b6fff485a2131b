import { signal } from '@preact/signals';
import { send } from './api/http.ts';
import { Problem } from './api/problem.ts';
import type { User } from './api/types.ts';
import { onChange, recall, remember } from './storage.ts';

/** undefined: not asked yet; null: nobody is signed in. The cookies themselves are out of this page's reach. */
export const user = signal<User | null | undefined>(undefined);

/** The session ended without anybody asking for it. */
export const sessionEnded = signal(false);

/** Nobody could be asked: no network. */
export const unknown = signal(false);

let seen = '*';

/** The profile of an answer, and which version of it that is. */
async function take(response: Response): Promise<void> {
  seen = response.headers.get('ETag') ?? '*';
  user.value = (await response.json()) as User;
}

/** Changes the profile that is shown, and nothing else. */
export async function changeProfile(changes: Partial<User>): Promise<void> {
  await take(await send('PATCH', '/users/me', { body: changes, headers: { 'If-Match': seen } }));
}

/** Set after a sign-in, so that a stranger's first view asks the server nothing. */
export const mayBeSignedIn = (): boolean => recall('signed-in') !== null;

/** Asks who is signed in. */
export async function load(): Promise<void> {
  try {
    await take(await send('GET', '/users/me'));
    unknown.value = false;
    remember('signed-in', user.value!.id);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      sessionEnded.value = mayBeSignedIn();
      forget();
    } else if (error instanceof Problem && error.status === 404) {
      // The profile of a new account arrives a moment after the account.
      await new Promise((resolve) => setTimeout(resolve, 250));
      await load();
    } else {
      unknown.value = true;
    }
  }
}

/** After a sign-in in this tab. */
export async function entered(): Promise<void> {
  sessionEnded.value = false;
  await load();
}

export function forget(): void {
  user.value = null;
  remember('signed-in', null);
}

export async function signOut(everywhere: boolean): Promise<void> {
  await send('POST', everywhere ? '/auth/logout-all' : '/auth/logout');
  sessionEnded.value = false;
  forget();
}

/** Any call may find the session gone; then so is the user. */
export function noticed(error: unknown): void {
  if (error instanceof Problem && error.status === 401 && user.value) {
    sessionEnded.value = true;
    forget();
  }
}

// Another tab signed in, out, or as somebody else.
onChange('signed-in', (id) => {
  if (id === null) user.value = null;
  else if (user.value?.id !== id) void load();
});
