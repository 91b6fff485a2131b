import { signal } from '@preact/signals';

// Routes live behind the # because links in mails and the way back from a provider point there; the server knows one page.
export interface Route {
  /** Such as /scan/0198…, never empty. */
  path: string;
  query: URLSearchParams;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#/, '').split('?', 2);
  return { path: path.startsWith('/') ? path : '/', query: new URLSearchParams(query) };
}

export const route = signal<Route>(read());

addEventListener('hashchange', () => {
  route.value = read();
});

export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'replace') history.replaceState(null, '', `#${path}`);
  else history.pushState(null, '', `#${path}`);
  route.value = read();
}
