import type { Page } from '@playwright/test';
import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { desktop, expect, newEmail, phone, signUp, submit, test } from './support.ts';
import { root } from './system.ts';

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
  ['devices', '/#/account/devices', '.list > li'],
  ['keys', '/#/account/keys', 'fieldset'],
];

/** Pictures to look at lie in artifacts/web-screens after a run. */
const folder = join(root, 'artifacts/web-screens');
mkdirSync(folder, { recursive: true });

async function check(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name} is wider than the screen`).toBe(0);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const found = await (window as unknown as { axe: typeof axe }).axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
  });
  expect(violations, name).toEqual([]);
}

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
