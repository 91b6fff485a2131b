import { check } from './check.ts';
import { desktop, newEmail, phone, signUp, submit, test } from './support.ts';

/** Every screen, and what shows that it is there. */
const doors: [string, string, string][] = [
  ['sign-in', '/', 'form'],
  ['sign-up', '/#/sign-up', '[name=nickname]'],
  ['forgot-password', '/#/forgot-password', 'form'],
  ['reset-password', '/#/reset-password?token=x', 'form'],
  ['second-factor', '/#/second-factor', '.card'],
];
const rooms: [string, string, string][] = [
  ['home', '/#/home', '.chooser'],
  ['history', '/#/history', '.history'],
  ['characters', '/#/characters', '.collection .met'],
  ['account', '/#/account', '#theme'],
  ['security', '/#/account/security', 'form'],
  ['devices', '/#/account/devices', '.list > li'],
  ['keys', '/#/account/keys', 'fieldset'],
];

for (const { name, device, locale, scheme } of [
  { name: 'phone-ko', device: phone, locale: 'ko-KR', scheme: 'light' },
  { name: 'phone-en-dark', device: phone, locale: 'en-GB', scheme: 'dark' },
  { name: 'desktop-en', device: desktop, locale: 'en-GB', scheme: 'light' },
  { name: 'desktop-ko-dark', device: desktop, locale: 'ko-KR', scheme: 'dark' },
] as const) {
  test.describe(name, () => {
    test.use({ ...device, locale, colorScheme: scheme });

    test('no screen has a barrier or is too wide', async ({ page, context }) => {
      for (const [screen, path, there] of doors) {
        await page.goto(path);
        await page.locator(there).first().waitFor();
        await check(page, `${name}-${screen}`);
      }
      await signUp(context, newEmail());
      await page.goto('/#/home');
      await page.reload();
      for (const [picture, text] of [['plastic-bottle', '생수병'], ['glass-bottle', '깨진 유리병'], ['cardboard-box', '택배상자, 테이프 있음'], ['cat', '']] as const) {
        await page.goto('/#/home');
        await submit(page, picture, text);
        await page.locator('.scan .main > .links').waitFor();
        await check(page, `${name}-scan-${picture}`);
      }
      for (const [screen, path, there] of rooms) {
        await page.goto(path);
        await page.locator(there).first().waitFor();
        await check(page, `${name}-${screen}`);
      }
      await page.goto('/#/history');
      await page.locator('.history button').first().click();
      await check(page, `${name}-delete`);
    });
  });
}
