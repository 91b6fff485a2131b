import { overloaded } from "./problems.js";

/** At most `running` at once and `waiting` more in line; whoever comes after that is refused, so memory has a bound. */
export class Slots {
  private free: number;
  private readonly line: (() => void)[] = [];

  constructor(running: number, private readonly waiting: number) {
    this.free = running;
  }

  /** How many stand in line. */
  get waitingNow(): number {
    return this.line.length;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) {
      this.free--;
    } else if (this.line.length < this.waiting) {
      await new Promise<void>((resolve) => this.line.push(resolve));
    } else {
      throw overloaded();
    }
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next === undefined) {
        this.free++;
      } else {
        next();
      }
    }
  }
}
