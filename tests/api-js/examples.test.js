// Every operation of the document, asked as its example asks, of a product that runs. ECO2_RECORD=1 keeps the answers in contracts/examples.json.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from './client.js';
import { Document } from './document.js';
import { startProvider } from './provider.js';
import { plain } from './plain.js';
import { root, startEco2 } from './run.js';
import { steps } from './steps.js';

const recording = process.env.ECO2_RECORD === '1';
const file = join(root, 'contracts/examples.json');
const examples = JSON.parse(readFileSync(file, 'utf8'));
const merged = JSON.parse(readFileSync(join(root, 'contracts/openapi/eco2.json'), 'utf8'));
const document = new Document(merged);
const asked = new Set();

let eco2, provider, client;

before(async () => {
  provider = await startProvider();
  eco2 = await startEco2({ ...provider.environment, Auth__Admins__0: 'admin@example.com', Edge__LimitFactor: '1000' });
  client = new Client(eco2);
});

after(async () => {
  provider?.stop();
  await eco2?.stop();
  if (recording) writeFileSync(file, `${JSON.stringify(examples, null, 2)}\n`);
});

for (const step of steps) {
  test(step.id ?? step.does, async () => {
    if (!step.id) return step.run(client);
    asked.add(step.id);
    const { path, method, operation } = document.operations.find(one => one.id === step.id);
    const answer = await client.ask(method, path, exampleOf(operation), step);

    assert.deepEqual(document.complaints({ ...answer, path: new URL(answer.url).pathname }), []);
    if (recording) keep(step.id, answer);
    assert.equal(answer.status, step.status ?? answer.status, answer.body);
    assert.ok(answer.status < 400 && operation.responses[answer.status], `${step.id} answered ${answer.status} ${answer.body}, which is no success that its document knows`);
    step.then?.(client, answer.body && /json/.test(answer.type) ? JSON.parse(answer.body) : undefined, answer);
  });
}

test('Every operation was asked', () => assert.deepEqual(document.operations.map(one => one.id).filter(id => !asked.has(id)), []));

test('Every body of the document has an example, and the examples fit', { skip: recording }, () => {
  for (const { id, operation } of document.operations) {
    for (const [where, media] of bodiesOf(operation)) {
      assert.ok('example' in media, `${id} has no example of its ${where}`);
      assert.deepEqual(document.misfits(media.schema, media.example), [], `${id} ${where}`);
    }
  }
});

test('An example that does not fit is found', () =>
  assert.ok(document.misfits({ $ref: '#/components/schemas/SignedIn' }, { user_id: 'nobody' }).length > 0));

/** What is sent: of the document, so that what people read is what is tried; of the file while it is recorded. */
function exampleOf(operation) {
  const { request, parameters } = examples[operation.operationId] ?? {};
  if (recording) return { request, parameters: parameters ?? {} };
  return {
    request: operation.requestBody?.content['application/json']?.example,
    parameters: Object.fromEntries((operation.parameters ?? []).filter(one => 'example' in one).map(one => [one.name, one.example])),
  };
}

/** JSON that it takes and, but for refusals, gives where its answer has any: of several kinds of success at least the first has one. */
function bodiesOf(operation) {
  const bodies = [];
  const request = operation.requestBody?.content['application/json'];
  if (request) bodies.push(['request', request]);
  const answers = Object.entries(operation.responses).filter(([status, answer]) => status !== 'default' && answer.content?.['application/json']);
  const told = answers.filter(([, answer]) => 'example' in answer.content['application/json']);
  for (const [status, answer] of told.length > 0 ? told : answers) bodies.push([status, answer.content['application/json']]);
  return bodies;
}

function keep(id, { status, body, type }) {
  const one = examples[id] ??= {};
  one.response = { status, ...(/json/.test(type) && body ? { body: plain(JSON.parse(body)) } : {}) };
}
