import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { modelFolder } from "../src/vision/classifier.js";
import { Sidecar } from "./sidecar.js";

export const AppToken = "token-of-the-app";
export const SidecarToken = "token-of-the-sidecar";
export const Key = "scan/0198c0de-0000-7000-8000-000000000001/0198c0de-0000-7000-8000-000000000002";

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The app as `npm run build` made it, in its own process, beside a stand-in for its sidecar. */
export class App {
  readonly lines: Record<string, unknown>[] = [];
  private readonly waiting: { test: () => boolean; done: () => void }[] = [];

  private constructor(
    readonly sidecar: Sidecar,
    readonly process: ChildProcess,
    readonly url: string,
  ) {
    createInterface({ input: process.stdout! }).on("line", (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      this.lines.push(line);
      this.waiting.filter((w) => w.test()).forEach((w) => w.done());
    });
  }

  static async start(options: { withSidecar?: boolean; sidecarPort?: string; byEndpoint?: boolean; environment?: Readonly<Record<string, string>> } = {}): Promise<App> {
    const sidecar = new Sidecar();
    const sidecarPort = options.withSidecar === false ? String(await freePort()) : await sidecar.start();
    const port = await freePort();
    const process_ = spawn(process.execPath, ["dist/main.js"], {
      cwd: path.dirname(modelFolder()),
      env: {
        PATH: process.env["PATH"],
        APP_PORT: String(port),
        ...(options.byEndpoint === true ? { DAPR_GRPC_ENDPOINT: `http://127.0.0.1:${sidecarPort}` } : { DAPR_GRPC_PORT: sidecarPort }),
        APP_API_TOKEN: AppToken,
        DAPR_API_TOKEN: SidecarToken,
        ...options.environment,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const app = new App(sidecar, process_, `http://127.0.0.1:${port}`);
    await Promise.all([app.said("Listening"), options.withSidecar === false ? undefined : app.said("The sidecar is there")]);
    return app;
  }

  /** Until a log line says so; the test runner's own time limit ends a wait for nothing. */
  async said(message: string, times = 1): Promise<void> {
    const test = (): boolean => this.lines.filter((line) => line["message"] === message).length >= times;
    if (!test()) {
      await new Promise<void>((done) => this.waiting.push({ test, done }));
    }
  }

  async call(method: string, pathAndQuery: string, body?: Buffer | string, headers: Record<string, string> = { "dapr-api-token": AppToken }): Promise<Answer> {
    const response = await fetch(this.url + pathAndQuery, { method, headers, ...(body === undefined ? {} : { body }) });
    return {
      status: response.status,
      type: response.headers.get("content-type") ?? "",
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  normalize(picture: Buffer, key = Key): Promise<Answer> {
    return this.call("POST", `/v1/normalize?key=${encodeURIComponent(key)}`, picture);
  }

  classify(key: string): Promise<Answer> {
    return this.call("POST", "/v1/classify", JSON.stringify({ key }), { "dapr-api-token": AppToken, "content-type": "application/json" });
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGTERM");
      await gone;
    }
    this.sidecar.stop();
  }
}
