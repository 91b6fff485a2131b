import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { join } from 'node:path';
import { ko } from '../src/i18n/ko.ts';
import { en } from '../src/i18n/en.ts';
import { root, url } from './system.ts';

export { expect };

export const words = { ko, en };
export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
export const desktop = { viewport: { width: 1280, height: 800 } };
export const sample = (name: string): string => join(root, 'samples', `rendered-${name}.jpg`);
export const password = 'a long enough passphrase';

let number = 0;
export const newEmail = (): string => `person-${process.pid}-${Date.now()}-${number++}@example.com`;

interface Fixtures {
  /** Somebody with an account, signed in; gives the address. */
  person: string;
  /** Fails the test when the page broke a rule of its own: an exception, or something the content security policy refused. */
  clean: void;
}

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => use(url()),
  person: async ({ context }, use) => {
    const email = newEmail();
    await signUp(context, email);
    await use(email);
  },
  clean: [
    async ({ page }, use) => {
      const broken: string[] = [];
      page.on('pageerror', (error) => broken.push(error.message));
      page.on('console', (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) broken.push(message.text());
      });
      await use();
      expect(broken).toEqual([]);
    },
    { auto: true },
  ],
});

export async function signUp(context: BrowserContext, email: string): Promise<void> {
  const answer = await context.request.post(`${url()}/api/v1/auth/sign-up`, { headers: { 'X-Requested-With': 'eco2' }, data: { email, password, nickname: '초록이' } });
  expect(answer.status()).toBe(201);
}

/** Chooses a picture, adds words and submits. */
export async function submit(page: Page, picture: string, text: string): Promise<void> {
  await page.getByTestId('file').setInputFiles(sample(picture));
  await page.locator('#words').fill(text);
  await page.locator('form button[type=submit]').click();
  await expect(page).toHaveURL(/#\/scan\//);
}

/** Presses Tab until something has the focus, as somebody without a mouse would. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let pressed = 0; pressed < 40; pressed++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${String(target)}`);
}

/** What the server's log of a scan holds: stage/status in order. */
export async function eventsOf(page: Page, job: string): Promise<string[]> {
  const answer = await page.request.get(`${url()}/api/v1/scan/${job}/events`);
  return [...(await answer.text()).matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!) as { stage: string; status: string; seq?: number })
    .filter((event) => event.seq !== undefined)
    .map((event) => `${event.stage}/${event.status}`);
}

export const jobOf = (page: Page): string => /#\/scan\/([0-9a-f-]+)/.exec(page.url())![1]!;
