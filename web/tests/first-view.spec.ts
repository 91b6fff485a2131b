import { gzipSync } from 'node:zlib';
import { expect, phone, test, words } from './support.ts';
import { url } from './system.ts';

test.use({ ...phone, locale: 'ko-KR' });

test('the first view loads at most 200 KB of gzip', async ({ page }) => {
  const loaded: { path: string; gzip: number }[] = [];
  page.on('response', async (response) => {
    const path = new URL(response.url()).pathname;
    // What the service worker fetches comes after the first view.
    if (response.request().serviceWorker() === null) loaded.push({ path, gzip: gzipSync(await response.body().catch(() => Buffer.alloc(0))).length });
  });
  await page.goto('/', { waitUntil: 'networkidle' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.ko.auth.welcome);
  expect(loaded.map((one) => one.path)).toContain('/');
  expect(loaded.filter((one) => /^\/static\/index-.*\.js$/.test(one.path))).toHaveLength(1);
  expect(loaded.reduce((sum, one) => sum + one.gzip, 0)).toBeLessThanOrEqual(200 * 1024);
});

test('files that carry a hash are kept for good and come compressed, the page itself is asked for each time', async ({ page, request }) => {
  const index = await request.get(`${url()}/`, { headers: { Accept: 'text/html', 'Accept-Encoding': 'br' } });
  expect(index.headers()['cache-control']).toBe('no-cache');
  expect(index.headers()['content-encoding']).toBe('br');
  expect(index.headers()['content-security-policy']).toContain("default-src 'self'");
  expect(index.headers()['content-security-policy']).not.toContain('unsafe');
  const script = /src="(\/static\/[^"]+\.js)"/.exec(await index.text())![1]!;
  for (const encoding of ['br', 'gzip']) {
    const file = await request.get(url() + script, { headers: { 'Accept-Encoding': encoding } });
    expect(file.headers()['content-encoding']).toBe(encoding);
    expect(file.headers()['cache-control']).toContain('immutable');
  }
  const again = await request.get(`${url()}/`, { headers: { Accept: 'text/html', 'Accept-Encoding': 'br', 'If-None-Match': index.headers().etag! } });
  expect(again.status()).toBe(304);
  expect((await request.get(`${url()}/`, { headers: { Accept: 'application/json' } })).headers()['content-type']).toContain('application/json');
  expect((await request.get(`${url()}/nothing-here`, { headers: { Accept: 'text/html' } })).status()).toBe(404);
  expect((await request.get(`${url()}/static/..%2f..%2fpackage.json`)).status()).toBeGreaterThanOrEqual(400);

  const manifest = (await (await request.get(`${url()}/manifest.webmanifest`)).json()) as { icons: { src: string }[] };
  for (const icon of manifest.icons) expect((await request.get(url() + icon.src)).status()).toBe(200);
  await page.goto('/');
  expect(await page.evaluate(() => navigator.serviceWorker.ready.then((registration) => registration.scope))).toBe(`${url()}/`);
});
