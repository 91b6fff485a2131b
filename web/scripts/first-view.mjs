// How long a stranger waits for the first view of a product that runs: `npm run first-view -- http://127.0.0.1:8080 [times]`. Each visit is a new browser's.
import { chromium } from '@playwright/test';

const [address = 'http://127.0.0.1:8080', times = '15'] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const visits = [];
for (let visit = 0; visit < Number(times); visit++) {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  // What can be typed into has its listeners: both come in one turn of the script.
  await page.addInitScript(() => {
    const look = () => (document.querySelector('input[name=email]:enabled') ? performance.mark('interactive') : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  await page.goto(address);
  await page.waitForFunction(() => performance.getEntriesByName('interactive').length > 0);
  visits.push(await page.evaluate(() => ({
    answered: performance.getEntriesByType('navigation')[0].responseEnd,
    painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
    interactive: performance.getEntriesByName('interactive')[0].startTime,
  })));
  await context.close();
}
await browser.close();

for (const what of ['answered', 'painted', 'interactive']) {
  const sorted = visits.map((one) => one[what]).sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  console.log(`${what.padEnd(12)} median ${at(0.5)} ms, 9 of 10 within ${at(0.9)} ms, longest ${at(1)} ms (${sorted.length} visits)`);
}
