// After the build: writes the service worker with the list of the shell's files, the licences, and a .br and .gz beside every file that gains by it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(dist.pathname.length).replace(/^\//, ''))
  .filter((name) => !/\.(br|gz)$/.test(name));

const shell = files.filter((name) => name.startsWith('static/') || /^(index\.html|icon\.svg|manifest\.webmanifest)$/.test(name));
const version = createHash('sha256');
for (const name of shell) version.update(name).update(readFileSync(new URL(name, dist)));
const worker = readFileSync(new URL('../src/service-worker.js', import.meta.url), 'utf8')
  .replace('__VERSION__', version.digest('hex').slice(0, 12))
  .replace('__SHELL__', JSON.stringify(shell.map((name) => `/${name}`)));
writeFileSync(new URL('sw.js', dist), worker);

// What the bundle is made from wants its licence to travel along.
const parts = ['preact', '@preact/signals', 'uqr'];
const licences = parts.map((name) => `${name}\n\n${readFileSync(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), 'utf8')}`);
writeFileSync(new URL('licenses.txt', dist), licences.join('\n\n'));

for (const name of [...files, 'sw.js', 'licenses.txt'].filter((name) => /\.(html|js|css|svg|webmanifest|txt)$/.test(name))) {
  const bytes = readFileSync(new URL(name, dist));
  writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(new URL(`${name}.gz`, dist), gzipSync(bytes, { level: 9 }));
}
