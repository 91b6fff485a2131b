import type { FullConfig, FullResult, Reporter, TestCase, TestError, TestResult } from '@playwright/test/reporter';

/** What failed and why, then the three lines that `./eco2 test` counts by. */
export default class implements Reporter {
  private readonly counts = { pass: 0, fail: 0, skipped: 0 };

  onBegin(_: FullConfig): void {}

  onError(error: TestError): void {
    console.log(error.stack ?? error.message ?? String(error.value));
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const name = test.titlePath().filter((part) => part !== '').join(' › ');
    if (result.status === 'skipped') this.counts.skipped++;
    else if (result.status === 'passed') this.counts.pass++;
    else this.counts.fail++;
    console.log(`${result.status === 'passed' ? '✔' : result.status === 'skipped' ? '-' : '✖'} ${name} (${Math.round(result.duration)} ms)`);
    for (const error of result.status === 'passed' ? [] : result.errors) console.log(error.stack ?? error.message);
  }

  onEnd(result: FullResult): void {
    const lost = result.status !== 'passed' && this.counts.fail === 0 ? 1 : 0;
    console.log(`# pass ${this.counts.pass}\n# fail ${this.counts.fail + lost}\n# skipped ${this.counts.skipped}`);
  }
}
