import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Document } from './document.js';
import { startProxy } from './proxy.js';
import { root, startEco2, startShell } from './run.js';

const page = readFileSync(join(root, 'docs/api.md'), 'utf8');
const document = new Document(JSON.parse(readFileSync(join(root, 'contracts/openapi/eco2.json'), 'utf8')));
const blocks = [...page.matchAll(/(?:^#+ (.+)$)|(?:^```sh\n([\s\S]*?)^```$)/gm)].reduce((all, [, heading, block]) => {
  if (heading) all.heading = heading;
  else all.push({ name: `${all.heading} (block ${all.length + 1})`, block });
  return all;
}, []);

let eco2, proxy, shell, folder;

before(async () => {
  eco2 = await startEco2();
  proxy = await startProxy(eco2.url);
  folder = mkdtempSync(join(tmpdir(), 'eco2-api-page-'));
  symlinkSync(join(root, 'samples'), join(folder, 'samples'));
  shell = startShell(folder, { ECO2: proxy.url, MAILS: eco2.mails });
});

after(async () => {
  shell?.stop();
  proxy?.stop();
  await eco2?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

for (const { name, block } of blocks) test(name, () => shell.run(block));

test('Every answer was as the document says', () => {
  const complaints = proxy.answers.filter(one => one.path.startsWith('/api/')).flatMap(one => document.complaints(one));

  assert.deepEqual([...new Set(complaints)], []);
  assert.ok(proxy.answers.length > 40);
});

test('The judge of answers finds what is wrong', () => {
  const page = proxy.answers.find(one => one.method === 'GET' && one.path === '/api/v1/auth/account');
  const account = JSON.parse(page.body);

  assert.equal(document.complaints({ ...page, status: 299 }).length, 1);
  assert.equal(document.complaints({ ...page, path: '/api/v1/auth/nothing/here' }).length, 1);
  assert.ok(document.complaints({ ...page, body: JSON.stringify({ ...account, email_verified: 'no' }) }).length > 0);
  assert.ok(document.complaints({ ...page, body: JSON.stringify({ ...account, id: undefined }) }).length > 0);
});
