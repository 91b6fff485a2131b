import type { Page } from '@playwright/test';
import { eventsOf, expect, jobOf, password, sample, submit, test, words } from './support.ts';
import { pid, url } from './system.ts';

test.use({ locale: 'ko-KR' });
const say = words.ko;

/** Holds every scan at its first stage until `release`, by stopping the process that looks at pictures. */
async function held<T>(work: (release: () => void) => Promise<T>): Promise<T> {
  const media = pid('media');
  process.kill(media, 'SIGSTOP');
  let released = false;
  const release = () => {
    if (!released) process.kill(media, 'SIGCONT');
    released = true;
  };
  try {
    return await work(release);
  } finally {
    release();
  }
}

/** Writes down every state that each stage is shown in, in order. */
const watch = (page: Page) =>
  page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    new MutationObserver((changes) => {
      for (const { target } of changes) if (target instanceof HTMLElement && target.dataset.stage) seen.push(`${target.dataset.stage}/${target.dataset.state}`);
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-state'] });
  });

test('the gateway dies during a scan: the page joins again by itself, and every step comes exactly once', async ({ page, person: _ }) => {
  await page.goto('/#/home');
  await watch(page);
  const asked: (string | undefined)[] = [];
  page.on('request', (request) => request.url().endsWith('/events') && asked.push(request.headers()['last-event-id']));
  // The upload needs the process that is then stopped.
  const upload = page.waitForResponse((response) => response.request().method() === 'PUT');
  await page.getByTestId('file').setInputFiles(sample('plastic-bottle'));
  await page.locator('#words').fill('생수병');
  let hold: ReturnType<typeof pid> | undefined;
  await page.route('**/api/v1/scan', async (route) => {
    if (route.request().method() === 'POST' && hold === undefined) {
      hold = pid('media');
      process.kill(hold, 'SIGSTOP');
    }
    await route.continue();
  });
  try {
    await page.locator('form button[type=submit]').click();
    await upload;
    await expect(page.locator('[data-stage=vision]')).toHaveAttribute('data-state', 'started');
    const before = pid('gateway');
    process.kill(before, 'SIGKILL');
    await expect(page.getByTestId('reconnecting')).toBeVisible();
    await expect.poll(() => pid('gateway'), { timeout: 30_000 }).not.toBe(before);
    await expect(page.getByTestId('reconnecting')).toBeHidden({ timeout: 30_000 });
    await expect(page.locator('[data-stage=vision]')).toHaveAttribute('data-state', 'started');
  } finally {
    if (hold) process.kill(hold, 'SIGCONT');
  }
  await expect(page.getByTestId('reward')).toContainText('페티');

  expect(asked[0]).toBeUndefined();
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.slice(1)).toEqual(asked.slice(1).map(() => '2'));
  const shown = await page.locator('.log [data-event]').evaluateAll((items) => items.map((item) => ({ seq: Number(item.getAttribute('data-seq')), event: item.getAttribute('data-event') })));
  expect(shown.map((one) => one.seq)).toEqual(shown.map((_, index) => index + 1));
  expect(shown.map((one) => one.event)).toEqual(await eventsOf(page, jobOf(page)));
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  expect(new Set(seen).size).toBe(seen.length);
  expect(((await (await page.request.get(`${url()}/api/v1/scan`)).json()) as { scans: unknown[] }).scans).toHaveLength(1);
});

test('a submission whose answer got lost is tried again and makes one job', async ({ page, person: _ }) => {
  await page.goto('/#/home');
  const keys: (string | undefined)[] = [];
  await page.route('**/api/v1/scan', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    // It arrives; the answer does not.
    await route.fetch();
    return route.abort('connectionreset');
  });
  await page.getByTestId('file').setInputFiles(sample('drink-can'));
  await page.locator('form button[type=submit]').click();
  await expect(page.getByRole('alert')).toContainText(say.generic.unreachable);
  await page.getByRole('button', { name: say.app.retry }).click();
  await expect(page).toHaveURL(/#\/scan\//);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
  expect(((await (await page.request.get(`${url()}/api/v1/scan`)).json()) as { scans: unknown[] }).scans).toHaveLength(1);
});

test('a tab that is closed during a scan and opened again shows the whole of it', async ({ page, person: _ }) => {
  await page.goto('/#/home');
  await page.getByTestId('file').setInputFiles(sample('plastic-bottle'));
  const accepted = page.waitForResponse((response) => response.url().endsWith('/api/v1/scan') && response.request().method() === 'POST');
  await page.locator('form button[type=submit]').click();
  const { job_id: job } = (await (await accepted).json()) as { job_id: string };
  await held(async (release) => {
    const again = await page.context().newPage();
    await page.close();
    await again.goto(`/#/scan/${job}`);
    release();
    await expect(again.locator('.answer h2')).toBeVisible();
  });
});

test('without a network the page opens, says so, and goes on when it is back', async ({ page, context, person: _ }) => {
  await page.goto('/#/home');
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByText(say.net.offline)).toBeVisible();
  await expect(page.getByRole('alert')).toContainText(say.generic.unreachable);
  await context.setOffline(false);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await expect(page.getByText(say.net.offline)).toBeHidden();

  await page.getByTestId('file').setInputFiles(sample('newspaper'));
  await context.setOffline(true);
  await page.locator('form button[type=submit]').click();
  await expect(page.getByRole('alert')).toContainText(say.generic.unreachable);
  await context.setOffline(false);
  await page.getByRole('button', { name: say.app.retry }).click();
  await expect(page.locator('.answer h2')).toBeVisible();
});

test('the service worker keeps nothing of the API', async ({ page, person: _ }) => {
  await page.goto('/#/home');
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await submit(page, 'newspaper', '');
  await expect(page.locator('.answer h2')).toBeVisible();
  const kept = await page.evaluate(async () => {
    const all: string[] = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) all.push(new URL(request.url).pathname);
    return all;
  });
  expect(kept).toContain('/index.html');
  expect(kept.filter((path) => path.startsWith('/api') || path.startsWith('/assets'))).toEqual([]);
});

test('two tabs whose access has run out renew it once between them', async ({ page, context, person: _ }) => {
  const other = await context.newPage();
  await Promise.all([page.goto('/#/home'), other.goto('/#/home')]);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await context.clearCookies({ name: 's_access' });
  let renewals = 0;
  context.on('request', (request) => {
    if (request.url().endsWith('/auth/refresh')) renewals++;
  });
  await Promise.all([page.reload(), other.reload()]);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  expect(renewals).toBe(1);
});

test('signing out in one tab signs out the other', async ({ page, context, person: _ }) => {
  const other = await context.newPage();
  await Promise.all([page.goto('/#/account'), other.goto('/#/home')]);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await page.getByRole('button', { name: say.auth.signOut }).click();
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(say.auth.welcome);
});

test('nothing that the page keeps is a token', async ({ page, context, person }) => {
  await context.clearCookies();
  await page.goto('/');
  await page.getByLabel(say.auth.email).fill(person);
  await page.getByLabel(say.auth.password, { exact: true }).fill(password);
  await page.getByRole('button', { name: say.auth.signIn }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  const readable = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
  expect(readable).not.toMatch(/eyJ|r1_|s_access|s_refresh/);
});
