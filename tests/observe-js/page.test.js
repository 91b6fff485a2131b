import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { components, eventually, photo, startBrowser, startEco2 } from './run.js';

let eco2, browser, page;
const complaints = [];
const asked = [];

before(async () => {
  eco2 = await startEco2();
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(error.message));
  page.on('request', request => asked.push(request.url()));
  await page.goto(eco2.url);
});

after(async () => {
  await browser?.close();
  await eco2?.stop();
});

const tile = name => page.locator('#tiles li', { hasText: name }).locator('b').textContent();
const row = (table, text) => page.locator(`#${table}-rows tr`, { hasText: text });
const cell = (table, text, column) => row(table, text).first().locator('td').nth(column).textContent();

test('Every process is there and ready', async () => {
  await eventually('ten apps are ready', async () => await page.locator('#process-rows td.dot.good').count() === 10);

  assert.equal(await tile('unwell'), '0');
  for (const name of ['sidecar', 'postgres']) assert.equal(await cell('process', name, 1), 'running');
  assert.match(await cell('process', 'worker', 4), /^\d+ MB$/);
});

test('A scan is a job, and its trace a waterfall through the apps', async () => {
  await eco2.eco2('scan', photo, '--text', '비밀스러운 말', '--model', 'local');

  await eventually('the job has succeeded', async () => await page.locator('#job-rows td', { hasText: 'succeeded' }).count() > 0);
  await eventually('its stages are drawn', async () => await page.locator('#stage-rows li', { hasText: 'vision' }).count() === 1);
  await eventually('the metrics tell of it', async () => await tile('succeeded') === '1' && await tile('accepted') === '1');
  await page.locator('#job-rows button').first().click();
  const expected = ['gateway POST', 'scan POST /api/v1/scan/', 'worker process scan.requested', 'worker activity||SeePhoto', 'event-router append to job', 'sse-gateway process job.fanout'];
  await eventually('all apps are in the waterfall', async () => {
    const spans = await page.locator('#spans .what').allTextContents();
    return expected.every(one => spans.some(span => span.startsWith(one)));
  });
  const job = /[0-9a-f-]{36}/.exec(await page.locator('#trace-name').textContent())[0];
  assert.ok((await page.locator('#trace-about code').textContent()).endsWith(`--about ${job}`));
  const widest = await page.locator('#spans li', { hasText: 'worker activity||SeePhoto' }).locator('.bar').evaluate(bar => bar.getBoundingClientRect().width / bar.parentElement.getBoundingClientRect().width);
  assert.ok(widest > 0.02 && widest <= 1, `SeePhoto takes ${widest} of the width`);
});

test('What a person wrote, and who it was, is nowhere in what the page is told', async () => {
  const state = await (await fetch(`${eco2.url}api/state`)).text();
  const traces = await Promise.all(JSON.parse(state).traces.map(async trace => (await fetch(`${eco2.url}api/traces/${trace.id}`)).text()));
  const told = [state, ...traces].join('\n');
  const user = JSON.parse(readFileSync(join(eco2.state, 'user.json'), 'utf8'));

  assert.ok(told.includes('append to job'));
  for (const secret of ['비밀스러운', JSON.stringify('비밀스러운').slice(1, 7), user.Email, user.Password, 'plastic-bottle']) assert.ok(!told.includes(secret), secret);
});

test('A message that nobody takes is seen to wait, and its job to run', { skip: components !== 'redis' && 'only Redis tells what is under way, and since when' }, async () => {
  const worker = eco2.pid('worker');
  let scan;
  try {
    process.kill(worker, 'SIGSTOP');
    scan = eco2.eco2('scan', photo, '--model', 'local');
    await eventually('scan.requested waits for worker', async () => Number(await cell('queue', 'scan.requested', 2)) + Number(await cell('queue', 'scan.requested', 3)) === 1);
    await eventually('its age is told', async () => /^\d+ s$/.test(await cell('queue', 'scan.requested', 4)));
    await eventually('the worker is unwell', async () => await tile('unwell') === '1');
    assert.equal(await cell('job', 'queued', 2), 'queued');
    await eventually('the job is in flight', async () => await tile('in flight') === '1');
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  await scan;
  await eventually('nothing waits any more', async () => await cell('queue', 'scan.requested', 3) === '0' && await tile('in flight') === '0');
});

test('A process that was killed is counted and comes back', async () => {
  const before = eco2.pid('character');
  process.kill(before, 'SIGKILL');

  await eventually('it runs again', async () => await cell('process', 'character', 2) === '1' && await cell('process', 'character', 1) === 'ready' && await tile('unwell') === '0');
  assert.notEqual(eco2.pid('character'), before);
});

test('It fits a phone and a dark room, asks nobody else and complains of nothing', async () => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.notEqual(await paper(), light);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.reload();
  await eventually('the trace is shown again, from the address', async () => await page.locator('#spans li').count() > 10);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);

  assert.deepEqual(asked.filter(url => !url.startsWith(eco2.url) && !url.startsWith('data:')), []);
  assert.deepEqual(complaints, []);
});
