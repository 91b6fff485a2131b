import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './run.js';

const folder = join(root, 'contracts/openapi');

for (const name of readdirSync(folder)) {
  test(`${name} has nothing that the linter warns of`, () => {
    const lint = spawnSync(join(import.meta.dirname, 'node_modules/.bin/spectral'), ['lint', '-r', join(import.meta.dirname, '.spectral.yaml'), '-F', 'hint', join(folder, name)], { encoding: 'utf8' });

    assert.equal(lint.status, 0, lint.stdout + lint.stderr);
  });
}
