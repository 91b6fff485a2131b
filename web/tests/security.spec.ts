import type { Page } from '@playwright/test';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.ts';
import { expect, password, test, words } from './support.ts';
import { state } from './system.ts';

test.use({ locale: 'ko-KR' });
const say = words.ko;

/** The token in the newest mail to somebody whose link goes to a screen. */
async function tokenFor(email: string, screen: string): Promise<string> {
  let token = '';
  await expect(() => {
    // A folder for each address; names begin with the time.
    const folder = join(state(), 'mail', email);
    const newest = readdirSync(folder).filter((name) => name.includes(screen)).sort().at(-1)!;
    token = new RegExp(`#/${screen}\\?token=([\\w.~-]+)`).exec(readFileSync(join(folder, newest), 'utf8'))?.[1] ?? '';
    expect(token).not.toBe('');
  }).toPass({ timeout: 20_000 });
  return token;
}

/** What an authenticator app shows (RFC 6238). */
function totp(secret: string, step = 0): string {
  const bits = [...secret.replace(/=+$/, '').toUpperCase()].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step));
  const hash = createHmac('sha1', key).update(counter).digest();
  return String((hash.readUInt32BE(hash[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function signIn(page: Page, email: string, secret: string): Promise<void> {
  await page.goto('/#/sign-in');
  await page.getByLabel(say.auth.email).fill(email);
  await page.getByLabel(say.auth.password, { exact: true }).fill(secret);
  await page.getByRole('button', { name: say.auth.signIn }).click();
}

test('an address is confirmed by its mail, then the second factor is turned on, asked for, and turned off', async ({ page, person }) => {
  await page.goto('/#/account');
  await expect(page.getByText(say.account.emailUnverified)).toBeVisible();
  await page.goto('/#/account/security');
  await expect(page.getByText(say.account.totpNeedsEmail)).toBeVisible();
  await page.goto(`/#/verify-email?token=${await tokenFor(person, 'verify-email')}`);
  await expect(page.getByText(say.auth.verified)).toBeVisible();
  await page.goto('/#/account');
  await expect(page.getByText(say.account.emailVerified)).toBeVisible();

  await page.goto('/#/account/security');
  const factor = page.locator('section').filter({ has: page.getByRole('heading', { name: say.account.totp }) });
  await factor.getByLabel(say.auth.currentPassword, { exact: true }).fill(password);
  await factor.getByRole('button', { name: say.account.totpStart }).click();
  await expect(page.getByRole('img', { name: say.account.totpQr })).toBeVisible();
  await check(page, 'second-factor-qr');
  const secret = (await factor.locator('code').textContent())!;
  await factor.getByLabel(say.auth.code).fill('000000');
  await factor.getByRole('button', { name: say.account.totpConfirm }).click();
  await expect(factor.getByRole('alert')).toContainText(say.problems.INVALID_CODE!);
  await factor.getByLabel(say.auth.code).fill(totp(secret, -1));
  await factor.getByRole('button', { name: say.account.totpConfirm }).click();
  const codes = page.getByTestId('backup-codes').locator('code');
  await expect(codes).toHaveCount(10);
  await check(page, 'backup-codes');
  const backup = (await codes.first().textContent())!;
  await page.getByRole('button', { name: say.account.codesKept }).click();
  await expect(page.getByText(say.account.totpOn)).toBeVisible();

  await page.goto('/#/account');
  await page.getByRole('button', { name: say.auth.signOut }).click();
  await signIn(page, person, password);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.auth.secondFactor);
  await page.getByLabel(say.auth.code).fill('123456');
  await page.getByRole('button', { name: say.auth.confirm }).click();
  await expect(page.getByRole('alert')).toContainText(say.problems.INVALID_CODE!);
  await page.getByLabel(say.auth.code).fill(backup);
  await page.getByRole('button', { name: say.auth.confirm }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);

  await page.goto('/#/account/security');
  await expect(page.getByText(say.account.codesLeft(9))).toBeVisible();
  await factor.getByLabel(say.auth.code).fill(totp(secret));
  await factor.getByRole('button', { name: say.account.totpStop }).click();
  await expect(factor.getByRole('button', { name: say.account.totpStart })).toBeVisible();
});

test('a forgotten password is set anew by mail', async ({ page, context, person }) => {
  await context.clearCookies();
  await page.goto('/');
  await page.getByRole('link', { name: say.auth.forgot }).click();
  await page.getByLabel(say.auth.email).fill(person);
  await page.getByRole('button', { name: say.auth.sendLink }).click();
  await expect(page.getByText(say.auth.linkSent)).toBeVisible();
  const token = await tokenFor(person, 'reset-password');
  await page.goto(`/#/reset-password?token=${token}`);
  await page.getByLabel(say.auth.newPassword, { exact: true }).fill('password123');
  await page.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByRole('alert')).toContainText(say.problems.PASSWORD_BREACHED!);
  await page.getByLabel(say.auth.newPassword, { exact: true }).fill('another fine passphrase');
  await page.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByText(say.auth.resetDone)).toBeVisible();
  await signIn(page, person, 'another fine passphrase');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.scan.title);

  await page.goto(`/#/reset-password?token=${token}`);
  await page.getByLabel(say.auth.newPassword, { exact: true }).fill('a third fine passphrase');
  await page.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByRole('alert')).toContainText(say.problems.LINK_INVALID!);
});

test('a password is changed by who knows it', async ({ page, person: _ }) => {
  await page.goto('/#/account/security');
  const form = page.locator('form').filter({ has: page.getByRole('heading', { name: say.account.changePassword }) });
  await form.getByLabel(say.auth.currentPassword, { exact: true }).fill('not this one');
  await form.getByLabel(say.auth.newPassword, { exact: true }).fill('another fine passphrase');
  await form.getByRole('button', { name: say.app.save }).click();
  await expect(form.getByRole('alert')).toContainText(say.problems.WRONG_PASSWORD!);
  await form.getByLabel(say.auth.currentPassword, { exact: true }).fill(password);
  await form.getByRole('button', { name: say.app.save }).click();
  await expect(page.getByText(say.account.passwordChanged)).toBeVisible();
});
