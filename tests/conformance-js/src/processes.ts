import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { eventually, listens } from "./waiting.js";

const Assembly = path.resolve(import.meta.dirname, "../../../artifacts/bin/EmbeddedSidecar/release/EmbeddedSidecar.dll");

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A server that cannot outlive us: its shell waits on our end of a pipe and ends the server when it closes. */
class Child {
  private readonly ended: Promise<void>;

  private constructor(private readonly shell: ChildProcess) {
    this.ended = new Promise((resolve) => shell.once("exit", () => resolve()));
  }

  static start(command: string, log: string, signal: "KILL" | "TERM", env: NodeJS.ProcessEnv = process.env): Child {
    const script = `exec 3<&0; ${command} </dev/null 3<&- >>'${log}' 2>&1 & pid=$!; cat <&3 >/dev/null; kill -${signal} $pid 2>/dev/null; wait $pid 2>/dev/null; true`;
    return new Child(spawn("sh", ["-c", script], { stdio: ["pipe", "ignore", "inherit"], env }));
  }

  async stop(): Promise<void> {
    this.shell.stdin!.end();
    await this.ended;
  }
}

/** A private Redis, with keyspace events on as the configuration store wants them. */
export class Redis {
  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly child: Child,
  ) {}

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  static async start(): Promise<Redis> {
    const port = await freePort();
    const folder = mkdtempSync(path.join(tmpdir(), "eco2-js-redis-"));
    const command = `redis-server --port ${port} --bind 127.0.0.1 --save '' --dir '${folder}' --notify-keyspace-events KA`;
    const redis = new Redis(port, folder, Child.start(command, path.join(folder, "log"), "KILL"));
    await eventually(() => listens(port), "Redis accepts");
    return redis;
  }

  async send(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("redis-cli", ["-p", String(this.port), ...words]);
    return stdout.trimEnd();
  }

  async stop(): Promise<void> {
    await this.child.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface App {
  readonly appId: string;
  readonly appPort?: number;
  readonly protocol?: "http" | "grpc";
  readonly apiToken?: string;
  readonly appToken?: string;
  readonly env?: Record<string, string>;
}

export interface Ports {
  readonly http: string;
  readonly grpc: string;
}

/** The embedded sidecar as a process, with a run file and resource files as `dapr run -f` has them. */
export class Sidecar {
  private child: Child;
  private readonly ports = new Map<string, Ports>();

  private constructor(
    private readonly folder: string,
    private readonly apps: readonly App[],
  ) {
    this.child = this.launch();
  }

  /** Returns when every app's ports answer; an app that listens later is waited for by `ready`. */
  static async start(apps: App[], resources: string, configuration?: string): Promise<Sidecar> {
    const sidecar = Sidecar.write(apps, resources, configuration);
    try {
      await sidecar.listens();
      await sidecar.answers();
    } catch (failed) {
      throw new Error(`${(failed as Error).message}\n${sidecar.log()}`);
    }
    return sidecar;
  }

  /** Starts it with files it cannot honour, and returns what it says before it ends. */
  static async refusal(apps: App[], resources: string): Promise<string> {
    const sidecar = Sidecar.write(apps, resources, undefined);
    await eventually(() => /refused|supported|not /.test(sidecar.log()), "the sidecar says why");
    const said = sidecar.log();
    await sidecar.stop();
    return said;
  }

  private static write(apps: App[], resources: string, configuration: string | undefined): Sidecar {
    const folder = mkdtempSync(path.join(tmpdir(), "eco2-js-sidecar-"));
    mkdirSync(path.join(folder, "resources"));
    writeFileSync(path.join(folder, "resources/all.yaml"), resources);
    if (configuration !== undefined) {
      writeFileSync(path.join(folder, "config.yaml"), configuration);
    }
    const lines = ["version: 1", "common:", "  resourcesPath: resources", ...(configuration === undefined ? [] : ["  configFilePath: config.yaml"]), "apps:"];
    for (const app of apps) {
      lines.push(`  - appID: ${app.appId}`, "    appDirPath: .", `    appPort: ${app.appPort ?? 0}`, `    appProtocol: ${app.protocol ?? "http"}`);
    }
    writeFileSync(path.join(folder, "dapr.yaml"), lines.join("\n"));
    return new Sidecar(folder, apps);
  }

  /** The ports of an app; without a name those of the first. */
  of(appId?: string): Ports {
    return appId === undefined ? [...this.ports.values()][0]! : this.ports.get(appId)!;
  }

  url(path_: string, appId?: string): string {
    return `http://127.0.0.1:${this.of(appId).http}${path_}`;
  }

  log(): string {
    const file = path.join(this.folder, "log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Until the app was found, has said what it wants, and gets it. */
  async ready(appId?: string): Promise<void> {
    await eventually(async () => (await fetch(this.url("/v1.0/healthz", appId))).status === 204, `the sidecar of ${appId ?? "the app"} is healthy`);
  }

  async restart(): Promise<void> {
    await this.child.stop();
    this.child = this.launch();
    await this.answers();
  }

  async stop(): Promise<void> {
    await this.child.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private launch(): Child {
    const decided = this.apps.map(({ appId, apiToken, appToken, env }) => {
      const known = this.ports.get(appId);
      return { appId, apiToken, appToken, env, httpPort: Number(known?.http ?? 0), grpcPort: Number(known?.grpc ?? 0) };
    });
    writeFileSync(path.join(this.folder, "ports.json"), JSON.stringify(decided));
    const { DAPR_API_TOKEN: _, APP_API_TOKEN: __, ...env } = process.env;
    const command = `dotnet '${Assembly}' --run-file '${this.folder}/dapr.yaml' --ports-file '${this.folder}/ports.json'`;
    return Child.start(command, path.join(this.folder, "log"), "TERM", env);
  }

  /** Reads from the log which ports it took; after a restart they are the same. */
  private async listens(): Promise<void> {
    const said = (appId: string): RegExpExecArray | null => new RegExp(`Sidecar of ${appId} listens on (\\d+) \\(HTTP\\) and (\\d+) \\(gRPC\\)`).exec(this.log());
    await eventually(() => this.apps.every(({ appId }) => said(appId) !== null), "the sidecar listens");
    for (const { appId } of this.apps) {
      const [, http, grpc] = said(appId)!;
      this.ports.set(appId, { http: http!, grpc: grpc! });
    }
  }

  private async answers(): Promise<void> {
    const up = async (ports: Ports): Promise<boolean> => {
      try {
        return (await fetch(`http://127.0.0.1:${ports.http}/v1.0/healthz/outbound`)).status === 204;
      } catch {
        return false;
      }
    };
    await eventually(async () => (await Promise.all([...this.ports.values()].map(up))).every(Boolean), "the sidecar answers");
  }
}

/** One Component document. */
export function component(name: string, type: string, metadata: Record<string, string> = {}, rest = ""): string {
  const settings = Object.entries(metadata).map(([key, value]) => `    - { name: ${key}, value: ${JSON.stringify(value)} }\n`);
  return `---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: ${name} }\nspec:\n  type: ${type}\n  version: v1\n  metadata:\n${settings.join("")}${rest}\n`;
}

/** A Configuration without which a daprd begins no traces. */
export const Tracing = 'apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: tracing }\nspec:\n  tracing: { samplingRate: "1" }\n';
