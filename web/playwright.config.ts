import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  globalSetup: './tests/system.ts',
  reporter: './tests/reporter.ts',
  // The tests share one running system, and some of them take parts of it away.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  outputDir: '../artifacts/web-tests',
  forbidOnly: true,
  use: {
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
