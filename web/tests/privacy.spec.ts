import { check } from './check.ts';
import { expect, test, words } from './support.ts';

test.use({ locale: 'ko-KR' });
const say = words.ko;

test('consents are kept, everything is exported, and the account is deleted with a receipt', async ({ page, person: _ }) => {
  await page.goto('/#/account/privacy');
  await page.getByLabel(say.account.improvementText).check();
  await page.getByLabel(say.account.resultDays).fill('90');
  await page.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByText(say.app.saved)).toBeVisible();
  await page.reload();
  await expect(page.getByLabel(say.account.improvementText)).toBeChecked();
  await expect(page.getByLabel(say.account.resultDays)).toHaveValue('90');

  await page.getByRole('button', { name: say.account.exportStart }).click();
  const archive = page.getByRole('link', { name: say.account.exportDownload });
  await expect(archive).toBeVisible({ timeout: 40_000 });
  const download = page.waitForEvent('download');
  await archive.click();
  expect((await download).suggestedFilename()).toMatch(/\.zip$/);
  await check(page, 'privacy');

  await page.getByRole('button', { name: say.account.deletionDo }).click();
  const sure = page.getByRole('dialog');
  await expect(sure.getByRole('button', { name: say.account.deletionDo })).toBeDisabled();
  await sure.getByLabel(say.account.deletionSure).check();
  await sure.getByRole('button', { name: say.account.deletionDo }).click();
  await expect(page.getByTestId('receipt')).toHaveAttribute('data-status', 'succeeded', { timeout: 40_000 });
  await check(page, 'receipt');
  await page.goto('/#/home');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.auth.welcome);
});
