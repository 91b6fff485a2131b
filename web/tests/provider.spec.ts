import type { BrowserContext } from '@playwright/test';
import { expect, test, words } from './support.ts';

test.use({ locale: 'ko-KR' });
// The provider is started with the system; one that runs already has none.
test.skip(() => !process.env.ECO2_WEB_PROVIDER);
const say = words.ko;

const comesAs = (context: BrowserContext, person: string) => context.addCookies([{ name: 'person', value: person, url: process.env.ECO2_WEB_PROVIDER! }]);

test('who comes by another service is in at once, and comes back to the same account', async ({ page, context }) => {
  await comesAs(context, `guest${Date.now()}`);
  await page.goto('/');
  await page.getByRole('link', { name: say.auth.with('Otherbook') }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await page.goto('/#/account');
  const before = await page.getByText('손님').first().textContent();
  await page.getByRole('button', { name: say.auth.signOut }).click();
  await page.getByRole('link', { name: say.auth.with('Otherbook') }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  await page.goto('/#/account');
  await expect(page.getByText('손님').first()).toHaveText(before!);
  await page.goto('/#/account/security');
  await page.getByRole('button', { name: `Otherbook: ${say.account.unlink}` }).click();
  await expect(page.getByRole('alert')).toContainText(say.problems.LAST_SIGN_IN_WAY!);
});

test('a service is linked and unlinked', async ({ page, context, person: _ }) => {
  await comesAs(context, `friend${Date.now()}`);
  await page.goto('/#/account/security');
  await page.getByRole('button', { name: `Otherbook: ${say.account.link}` }).click();
  await expect(page.getByText(say.account.linked)).toBeVisible();
  await page.getByRole('button', { name: `Otherbook: ${say.account.unlink}` }).click();
  await expect(page.getByRole('button', { name: `Otherbook: ${say.account.link}` })).toBeVisible();
});

test('what went wrong at the other service is said', async ({ page }) => {
  await page.goto('/#/login?error=oauth_failed');
  await expect(page.getByText(say.auth.oauthFailed)).toBeVisible();
  await page.goto('/#/login?error=account_exists');
  await expect(page.getByText(say.auth.accountExists)).toBeVisible();
});
