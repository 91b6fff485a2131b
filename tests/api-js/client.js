// Somebody who asks: with the token of whoever it is at the moment, and what was learnt before in the place of what an example makes up.
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { root } from './run.js';

export class Client {
  tokens = {};
  known = {};

  constructor(eco2) {
    this.eco2 = eco2;
  }

  async ask(method, path, { request, parameters }, step) {
    const mine = { ...parameters, ...step.parameters?.(this) };
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
      if (mine[name] === undefined) throw new Error(`${step.id} has no example of ${name}`);
      return encodeURIComponent(mine[name]);
    });
    const url = new URL(filled, this.eco2.url);
    const headers = { Accept: 'application/json', ...step.headers?.(this) };
    for (const [name, value] of Object.entries(mine)) {
      if (/^(Idempotency-Key|If-Match)$/.test(name)) headers[name] = value;
      else if (!path.includes(`{${name}}`)) url.searchParams.set(name, value);
    }
    if (this.tokens[step.as]) headers.Authorization = `Bearer ${this.tokens[step.as]}`;
    let body;
    if (step.file) {
      headers['Content-Type'] = 'image/jpeg';
      body = readFileSync(join(root, 'samples', step.file));
    } else if (request !== undefined) {
      headers['Content-Type'] = 'application/json';
      body = JSON.stringify({ ...request, ...step.request?.(this) });
    }

    // What is on its way by message arrives a moment later.
    for (const until = Date.now() + 120_000; ;) {
      const response = await fetch(url, { method, headers, body, redirect: 'manual' });
      const type = response.headers.get('content-type') ?? '';
      const text = /json|event-stream/.test(type) ? await response.text() : (await response.arrayBuffer(), '');
      const answer = { method, url: url.href, status: response.status, type, body: text, headers: response.headers };
      if (!step.until || step.until(answer.status, text && /json/.test(type) ? JSON.parse(text) : undefined) || Date.now() > until) return answer;
      await new Promise(again => setTimeout(again, 250));
    }
  }

  /** The token in the newest mail of a kind, once there are so many of them. */
  async mailed(address, kind, count = 1) {
    const folder = join(this.eco2.mails, address);
    for (const until = Date.now() + 60_000; Date.now() < until; await new Promise(again => setTimeout(again, 250))) {
      const mails = existsSync(folder) ? readdirSync(folder).filter(name => name.includes(`-${kind}-`) && name.endsWith('.html')).sort() : [];
      const token = mails.length >= count && /token=([A-Za-z0-9_-]{43})/.exec(readFileSync(join(folder, mails.at(-1)), 'utf8'))?.[1];
      if (token) return token;
    }
    throw new Error(`No mail of ${kind} to ${address}`);
  }

  /** What an authenticator app shows (RFC 6238). */
  code() {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...this.known.secret].map(letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
    const hash = createHmac('sha1', key).update(step).digest();
    return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
  }
}
