import { expect, newEmail, password, sample, tabTo, test, words } from './support.ts';

test.use({ locale: 'ko-KR' });
const say = words.ko;

test('everything goes without a mouse', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  await expect(page.getByText(say.app.skip)).toBeFocused();
  await tabTo(page, page.getByRole('link', { name: say.auth.signUp }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await tabTo(page, page.getByLabel(say.auth.email));
  await page.keyboard.type(newEmail());
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');

  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
  const chooser = page.waitForEvent('filechooser');
  await tabTo(page, page.getByRole('button', { name: say.scan.file }));
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(sample('plastic-bottle'));
  await tabTo(page, page.locator('#words'));
  await page.keyboard.type('생수병');
  await tabTo(page, page.getByRole('button', { name: say.scan.submit }));
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('reward')).toContainText('페티');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();

  await tabTo(page, page.getByText(say.scan.log));
  await page.keyboard.press('Enter');
  await expect(page.locator('.log li').first()).toBeVisible();
  await page.keyboard.press('Control+Home');
  await tabTo(page, page.getByRole('link', { name: say.scan.newScan }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: say.nav.history, exact: true }));
  await page.keyboard.press('Enter');
  const remove = page.getByRole('button', { name: say.app.delete });
  await tabTo(page, remove);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(remove).toBeFocused();
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('dialog').getByRole('button', { name: say.app.delete }));
  await page.keyboard.press('Enter');
  await expect(page.getByText(say.history.empty)).toBeVisible();
});
