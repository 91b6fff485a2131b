import { expect, newEmail, password, signUp, test, words } from './support.ts';
import { url } from './system.ts';

test.use({ locale: 'ko-KR' });
const say = words.ko;

test('a profile is changed and stays changed', async ({ page, person: _ }) => {
  await page.goto('/#/account');
  await page.getByLabel(say.auth.nickname).fill('나무');
  await page.getByLabel(say.account.phone).fill('010-1234-' + String(Date.now()).slice(-4));
  await page.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByText(say.app.saved)).toBeVisible();
  await page.reload();
  await expect(page.getByLabel(say.auth.nickname)).toHaveValue('나무');
  await expect(page.getByLabel(say.account.phone)).toHaveValue(/^\+82/);
});

test('language and brightness are chosen and remembered', async ({ page, person: _ }) => {
  await page.goto('/#/account');
  await page.getByLabel(say.account.language).selectOption('en');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.en.account.profile);
  await page.getByLabel(words.en.account.theme).selectOption('dark');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.en.account.profile);
  expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(16, 23, 18)');
});

test('a device is signed out from another', async ({ page, browser, person }) => {
  const other = await browser.newContext({ locale: 'ko-KR', baseURL: url() });
  const there = await other.newPage();
  await there.goto('/');
  await there.getByLabel(say.auth.email).fill(person);
  await there.getByLabel(say.auth.password, { exact: true }).fill(password);
  await there.getByRole('button', { name: say.auth.signIn }).click();
  await expect(there.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);

  await page.goto('/#/account/devices');
  await expect(page.locator('.list > li')).toHaveCount(2);
  await expect(page.getByText(say.account.current)).toHaveCount(1);
  await page.getByRole('button', { name: say.account.end, exact: false }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: say.account.end }).click();
  await expect(page.locator('.list > li')).toHaveCount(1);

  // Known everywhere within five seconds; whoever is signed out meets the door and the reason.
  await expect(async () => {
    await there.goto('/#/history');
    await there.reload();
    await expect(there.getByText(say.auth.ended)).toBeVisible({ timeout: 2000 });
  }).toPass({ timeout: 15_000 });
  await other.close();
});

test('a key is shown once, works, and is revoked', async ({ page, playwright, person: _ }) => {
  await page.goto('/#/account/keys');
  await page.getByLabel(say.account.keyName).fill('내 프로그램');
  await page.getByRole('button', { name: say.account.keyCreate }).click();
  const shown = page.getByTestId('new-key');
  const key = (await shown.locator('code').textContent())!;
  expect(key).toMatch(/^eco2_/);
  const program = await playwright.request.newContext({ extraHTTPHeaders: { Authorization: `Bearer ${key}` } });
  const opens = async () => (await program.get(`${url()}/api/v1/scan`)).status();
  expect(await opens()).toBe(200);
  await shown.getByRole('button', { name: say.account.codesKept }).click();
  await page.reload();
  await expect(page.getByText('내 프로그램')).toBeVisible();
  expect(await page.content()).not.toContain(key);

  await page.getByRole('button', { name: `${say.app.delete}: 내 프로그램` }).click();
  await page.getByRole('dialog').getByRole('button', { name: say.app.delete }).click();
  await expect(page.getByText(say.account.noKeys)).toBeVisible();
  await expect.poll(opens, { timeout: 10_000 }).toBe(401);
  await program.dispose();
});

test('signing out everywhere ends this session too', async ({ page, context }) => {
  await signUp(context, newEmail());
  await page.goto('/#/account/devices');
  await page.getByRole('button', { name: say.account.endAll }).click();
  await page.getByRole('dialog').getByRole('button', { name: say.account.endAll }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.auth.welcome);
});
