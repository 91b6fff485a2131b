import { createConnection } from "node:net";

/** Polls until the condition holds; the wait ends in an error that names it. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, seconds = 30): Promise<void> {
  const until = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > until) {
      throw new Error(`Not within ${seconds} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** What arrived, in order. */
export class Inbox<T> {
  readonly items: T[] = [];

  add(item: T): void {
    this.items.push(item);
  }

  /** Waits for so many and returns all. */
  async count(wanted: number): Promise<T[]> {
    await eventually(() => this.items.length >= wanted, `${wanted} arrive (there are ${this.items.length})`);
    return this.items;
  }

  /** Waits for the first that passes and returns it. */
  async one(test: (item: T) => boolean): Promise<T> {
    await eventually(() => this.items.some(test), `the one arrives among ${JSON.stringify(this.items).slice(0, 500)}`);
    return this.items.find(test)!;
  }
}
