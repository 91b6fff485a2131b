// Keeps the shell of the page, so that it opens without a network. Nothing of /api ever passes through here: answers are somebody's own.
const cacheName = 'eco2-shell-__VERSION__';
const shell = __SHELL__;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(shell.map((path) => new Request(path, { cache: 'no-cache' }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('eco2-shell-') && name !== cacheName).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || url.search !== '') return;
  if (event.request.mode === 'navigate' && url.pathname === '/') {
    // The network first: whoever is online sees the newest page.
    event.respondWith(fetch(event.request).catch(() => caches.match('/index.html', { cacheName })));
  } else if (shell.includes(url.pathname)) {
    event.respondWith(caches.match(url.pathname, { cacheName }).then((hit) => hit ?? fetch(event.request)));
  }
});
