import { desktop, eventsOf, expect, jobOf, newEmail, password, phone, submit, test, words } from './support.ts';

// From the door to the collection, in both languages, on a phone and at a desk, in light and in dark.
for (const { language, locale, device, scheme } of [
  { language: 'ko', locale: 'ko-KR', device: phone, scheme: 'light' },
  { language: 'en', locale: 'en-GB', device: desktop, scheme: 'dark' },
] as const) {
  const say = words[language];
  test.describe(language, () => {
    test.use({ ...device, locale, colorScheme: scheme });

    test('a stranger becomes somebody, scans, meets a character and finds it all again', async ({ page }) => {
      await page.goto('/');
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.auth.welcome);
      await page.getByRole('link', { name: say.auth.signUp }).click();
      const email = newEmail();
      await page.getByLabel(say.auth.email).fill(email);
      await page.getByLabel(say.auth.password, { exact: true }).fill(password);
      await page.getByLabel(say.auth.nickname).fill('초록이');
      await page.getByRole('button', { name: say.auth.signUp }).click();

      await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
      await submit(page, 'plastic-bottle', '생수병');
      const steps = page.locator('[data-stage]');
      await expect(steps).toHaveCount(4);
      await expect(page.getByTestId('reward')).toContainText(say.reward.granted);
      await expect(page.getByTestId('reward')).toContainText('페티');
      await expect(page.locator('.answer .steps li')).toHaveCount(5);
      await expect(page.locator('.place')).toContainText(language === 'ko' ? '무색페트병' : 'clear PET bottles');
      await expect(page.getByRole('progressbar')).toHaveAttribute('value', '100');
      for (const stage of ['vision', 'rule', 'answer', 'reward']) await expect(page.locator(`[data-stage=${stage}]`)).toHaveAttribute('data-state', 'completed');
      const shown = await page.locator('.log [data-event]').evaluateAll((items) => items.map((item) => item.getAttribute('data-event')));
      expect(shown).toEqual(await eventsOf(page, jobOf(page)));

      // Again from the address alone: nothing of it lived in the page.
      await page.reload();
      await expect(page.locator('.answer .steps li')).toHaveCount(5);
      await expect(page.locator('.preview')).toBeVisible();

      await page.getByRole('link', { name: say.nav.characters, exact: true }).click();
      await expect(page.locator('.collection > li')).toHaveCount(13);
      await expect(page.locator('.collection .met')).toHaveCount(2);
      await expect(page.locator('.collection .missing').first()).toContainText(say.characters.how(language === 'ko' ? '종이' : 'paper'));

      await page.getByRole('link', { name: say.nav.history, exact: true }).click();
      await expect(page.locator('.history li')).toHaveCount(1);
      await page.getByRole('button', { name: say.app.delete }).click();
      await page.getByRole('dialog').getByRole('button', { name: say.app.delete }).click();
      await expect(page.getByText(say.history.empty)).toBeVisible();
      await page.reload();
      await expect(page.getByText(say.history.empty)).toBeVisible();

      await page.getByRole('link', { name: say.nav.account, exact: true }).click();
      await page.getByRole('button', { name: say.auth.signOut }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.auth.welcome);
      await page.getByLabel(say.auth.email).fill(email);
      await page.getByLabel(say.auth.password, { exact: true }).fill('not this one');
      await page.getByRole('button', { name: say.auth.signIn }).click();
      await expect(page.getByRole('alert')).toHaveText(say.problems.INVALID_CREDENTIALS!);
      await page.getByLabel(say.auth.password, { exact: true }).fill(password);
      await page.getByRole('button', { name: say.auth.signIn }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);
    });

    test('what is not allowed is said in words', async ({ page, person }) => {
      await page.goto('/#/account');
      await page.getByLabel(say.account.phone).fill('12345');
      await page.getByRole('button', { name: say.app.save }).click();
      await expect(page.getByRole('alert')).toContainText(say.problems.INVALID_PHONE_NUMBER!);

      await page.goto('/#/home');
      await page.getByTestId('file').setInputFiles({ name: 'not.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a picture') });
      await page.locator('form button[type=submit]').click();
      await expect(page.getByRole('alert')).toContainText(say.problems.UNSUPPORTED_MEDIA!);

      await page.goto('/#/scan/01980000-0000-7000-8000-000000000001');
      await expect(page.getByRole('alert')).toContainText(say.problems.RESULT_NOT_FOUND!);

      await page.context().clearCookies();
      await page.goto('/#/sign-up');
      await page.reload();
      await page.getByLabel(say.auth.email).fill(person);
      await page.getByLabel(say.auth.password, { exact: true }).fill(password);
      await page.getByRole('button', { name: say.auth.signUp }).click();
      await expect(page.getByRole('alert')).toHaveText(say.problems.EMAIL_IN_USE!);
    });
  });
}

test('a dropped picture is taken, and a large one is sent smaller', async ({ page, person: _ }) => {
  await page.goto('/#/home');
  await page.locator('.chooser').waitFor();
  const data = await page.evaluateHandle(async () => {
    // Noise does not compress: 8 megabytes of it.
    const canvas = new OffscreenCanvas(2600, 1800);
    const pen = canvas.getContext('2d')!;
    const noise = pen.createImageData(2600, 1800);
    for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, at + 65536));
    for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
    pen.putImageData(noise, 0, 0);
    const transfer = new DataTransfer();
    transfer.items.add(new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })], 'large.jpg', { type: 'image/jpeg' }));
    return transfer;
  });
  const size = await data.evaluate((transfer) => transfer.files[0]!.size);
  expect(size).toBeGreaterThan(3 * 1024 * 1024);
  await page.dispatchEvent('.chooser', 'drop', { dataTransfer: data });
  await expect(page.locator('.preview')).toBeVisible();
  const announced = page.waitForRequest((request) => request.url().endsWith('/images/scan'));
  await page.locator('form button[type=submit]').click();
  expect(((await announced).postDataJSON() as { content_length: number }).content_length).toBeLessThan(size);
  await expect(page).toHaveURL(/#\/scan\//);
});

test('joy is calm for who asked for it', async ({ page, person: _ }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/#/home');
  await submit(page, 'newspaper', '신문지');
  const friend = page.getByTestId('reward').locator('img');
  await expect(friend).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});
