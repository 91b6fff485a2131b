// eco2 up with real processes, in a folder and on ports of its own; and one bash for the whole page.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
const command = join(root, 'artifacts/bin/Eco2.Cli/release/Eco2.Cli.dll');

export async function startEco2(environment = {}) {
  const state = mkdtempSync(join(tmpdir(), 'eco2-api-'));
  const log = join(state, 'up.log');
  const up = spawn('dotnet', [command, 'up', '--no-build', '--free-ports', '--components', process.env.ECO2_COMPONENTS || 'redis', '--state', state], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const file = createWriteStream(log);
  up.stdout.pipe(file);
  up.stderr.pipe(file);
  const ended = new Promise(done => up.on('exit', done));
  const printed = () => existsSync(log) ? readFileSync(log, 'utf8') : '';
  let url;
  for (const until = Date.now() + 180_000; !url;) {
    if (up.exitCode !== null || Date.now() > until) throw new Error(`eco2 up did not start:\n${printed()}`);
    url = /Eco² is ready at (http:\/\/[0-9.]+:\d+)/.exec(printed())?.[1];
    await new Promise(after => setTimeout(after, 100));
  }
  return {
    url,
    state,
    mails: join(state, 'mail'),
    stop: async () => {
      up.kill('SIGINT');
      await ended;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** One shell, as somebody would have who goes through the page. The first command that fails ends it. */
export function startShell(folder, environment) {
  const bash = spawn('bash', ['-euo', 'pipefail'], { cwd: folder, env: { ...process.env, ...environment } });
  let output = '';
  const waiting = new Set();
  const changed = () => waiting.forEach(look => look());
  for (const stream of [bash.stdout, bash.stderr]) {
    stream.on('data', text => {
      output += text;
      changed();
    });
  }
  bash.on('exit', changed);
  // It ended before it read everything: the block in which it did says so.
  bash.stdin.on('error', () => {});
  let number = 0;
  return {
    run: block => new Promise((done, failed) => {
      const mark = `@@ end of block ${++number}`;
      const from = output.length;
      const look = () => {
        const said = output.slice(from);
        if (!said.includes(mark) && bash.exitCode === null) return;
        waiting.delete(look);
        if (said.includes(mark)) done(said);
        else failed(new Error(`It ended with ${bash.exitCode}:\n${block}\n--- it said:\n${said}`));
      };
      waiting.add(look);
      bash.stdin.write(`${block}\necho '${mark}'\n`);
      look();
    }),
    stop: () => bash.kill(),
  };
}
