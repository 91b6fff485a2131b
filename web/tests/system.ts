import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProvider } from './provider.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** All these people come from one address and within a minute. */
const crowd = { Edge__LimitFactor: '1000' };

interface RunRecord {
  url: string;
  apps: { name: string; pid: number | null }[];
}

const record = (): RunRecord => JSON.parse(readFileSync(join(process.env.ECO2_WEB_STATE!, 'run.json'), 'utf8')) as RunRecord;

export const url = (): string => record().url.replace(/\/$/, '');

export const state = (): string => process.env.ECO2_WEB_STATE!;

/** The process of an app as it is now; it has another one after it was killed. */
export function pid(app: string): number {
  const found = record().apps.find((one) => one.name === app)?.pid;
  if (!found) throw new Error(`${app} has no process`);
  return found;
}

/** Starts the whole product as people do, and stops it at the end. With ECO2_WEB_STATE it takes the one that runs with that state. */
export default async function start(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.ECO2_WEB_STATE) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'eco2-web-'));
  process.env.ECO2_WEB_STATE = folder;
  const provider = await startProvider();
  const command = join(root, 'artifacts/bin/Eco2.Cli/release/Eco2.Cli.dll');
  const eco2 = spawn('dotnet', [command, 'up', '--free-ports', '--no-build', '--state', folder], { cwd: root, env: { ...process.env, ...provider.environment, ...crowd }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise<void>((resolve) => eco2.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('is ready at')) resolve();
    };
    eco2.stdout.on('data', hear);
    eco2.stderr.on('data', hear);
    void ended.then(() => reject(new Error(`eco2 up ended:\n${said}`)));
    setTimeout(() => reject(new Error(`eco2 up is not ready after 180 s:\n${said}`)), 180_000).unref();
  });
  return async () => {
    eco2.kill('SIGTERM');
    await ended;
    provider.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
