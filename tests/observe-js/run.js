// eco2 up --observe with real processes, in a folder and on ports of its own; and a browser.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const root = resolve(import.meta.dirname, '../..');
const command = join(root, 'artifacts/bin/Eco2.Cli/release/Eco2.Cli.dll');

export const photo = join(root, 'samples/rendered-plastic-bottle.jpg');
export const components = process.env.ECO2_COMPONENTS || 'redis';

export async function eventually(what, condition, seconds = 60) {
  for (const until = Date.now() + seconds * 1000; ;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > until) throw new Error(`Not within ${seconds} s: ${what}`);
    await new Promise(after => setTimeout(after, 100));
  }
}

export async function startEco2() {
  const state = mkdtempSync(join(tmpdir(), 'eco2-observe-'));
  const log = join(state, 'up.log');
  const up = spawn('dotnet', [command, 'up', '--no-build', '--free-ports', '--observe', '--components', components, '--state', state], { stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log);
  up.stdout.pipe(file);
  up.stderr.pipe(file);
  const ended = new Promise(done => up.on('exit', done));
  const printed = () => existsSync(log) ? readFileSync(log, 'utf8') : '';
  const url = await eventually('eco2 up says where the page is', () => {
    if (up.exitCode !== null) throw new Error(`eco2 up ended:\n${printed()}`);
    return /Watch it at (http:\/\/127\.0\.0\.1:\d+\/)/.exec(printed())?.[1];
  }, 180);
  return {
    url,
    state,
    pid: app => JSON.parse(readFileSync(join(state, 'run.json'), 'utf8')).apps.find(one => one.name === app).pid,
    eco2: (...words) => new Promise((done, failed) => {
      const run = spawn('dotnet', [command, ...words, '--state', state]);
      let output = '';
      run.stdout.on('data', text => output += text);
      run.stderr.on('data', text => output += text);
      run.on('exit', code => code === 0 ? done(output) : failed(new Error(`eco2 ${words.join(' ')} ended with ${code}:\n${output}`)));
    }),
    stop: async () => {
      up.kill('SIGINT');
      await ended;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

export function startBrowser() {
  // Root has no sandbox; the rest keeps it from asking the network for anything.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args });
}
