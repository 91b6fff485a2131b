import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { log, reason } from "./log.js";
import { normalize, visionObject } from "./normalize.js";
import type { Objects } from "./objects.js";
import { MaxBytes } from "./picture.js";
import { Problem } from "./problems.js";
import { Slots } from "./slots.js";
import type { Classifier } from "./vision/classifier.js";

export interface Parts {
  readonly objects: Objects;
  readonly classifier: Classifier;
  /** What the sidecar must send with every call; undefined on a machine without tokens. */
  readonly token: string | undefined;
}

const MaxJsonBytes = 4096;
const Segment = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

/** Two at work is what two cores can do; sixteen in line are at most 160 MB of uploads. */
const Running = 2;
const Waiting = 16;

interface Call {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
}

/**
 * A plain HTTP server: the SDK's DaprServer puts express and its body parsers in front, which know JSON and text and hold
 * raw bodies twice, and none of what it adds (subscriptions, input bindings, actors) is used here.
 */
export function serve(parts: Parts): Server {
  const slots = new Slots(Running, Waiting);

  const routes: Record<string, (call: Call) => Promise<unknown>> = {
    "POST /v1/normalize": async ({ request, query }) => {
      const key = keyIn(query, "key");
      const source = query.has("source") ? keyIn(query, "source") : undefined;
      const sent = await read(request, MaxBytes);
      return await slots.use(async () => normalize(key, source === undefined ? sent : await parts.objects.get(source), parts.objects));
    },
    "POST /v1/classify": async ({ request }) => {
      const key = keyOf(await read(request, MaxJsonBytes));
      return await slots.use(async () => parts.classifier.classify(await parts.objects.get(visionObject(key))));
    },
    "GET /healthz": async () => ({ status: "ok" }),
  };

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, async (request, response) => {
    const started = performance.now();
    const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(String(request.headers["traceparent"]))?.[1] ?? randomBytes(16).toString("hex");
    const url = new URL(request.url ?? "/", "http://media");
    const route = `${request.method} ${url.pathname}`;
    try {
      const handle = Object.hasOwn(routes, route) ? routes[route] : undefined;
      if (route !== "GET /healthz") {
        authorize(request, parts.token);
      }
      if (handle === undefined) {
        throw unknown(url.pathname, Object.keys(routes));
      }
      answer(response, 200, "application/json", await handle({ request, query: url.searchParams }));
    } catch (error) {
      refuse(response, error, trace);
    }
    if (route !== "GET /healthz") {
      // The path alone: the query holds the key, and the key the user.
      log("info", "Answered", { path: url.pathname, status: response.statusCode, ms: Math.round(performance.now() - started), trace_id: trace });
    }
  });
  // Longer than a sidecar keeps an idle connection, so that it is the one who closes and never writes into a closed one.
  server.keepAliveTimeout = 120_000;
  return server;
}

function authorize(request: IncomingMessage, token: string | undefined): void {
  if (token === undefined) {
    return;
  }
  const sent = Buffer.from(String(request.headers["dapr-api-token"] ?? ""));
  const expected = Buffer.from(token);
  if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) {
    throw new Problem("unauthorized", "The token of the sidecar is missing or another one.");
  }
}

function unknown(path: string, routes: readonly string[]): Problem {
  const methods = routes.filter((r) => r.endsWith(` ${path}`)).map((r) => r.split(" ")[0]);
  return methods.length === 0
    ? new Problem("not-found", "No such path.")
    : new Problem("method-not-allowed", `Use ${methods.join(", ")}.`, { allow: methods.join(", ") });
}

function valid(key: unknown): key is string {
  return typeof key === "string" && key.length <= 256 && key.split("/").every((part) => Segment.test(part));
}

function keyIn(query: URLSearchParams, name: string): string {
  const key = query.get(name);
  if (!valid(key)) {
    throw new Problem("invalid-key", `The query needs ${name}: letters, digits, dots, dashes and single slashes.`);
  }
  return key;
}

function keyOf(body: Buffer): string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new Problem("invalid-body", "The body is not JSON.", {}, { cause: error });
  }
  const key = typeof json === "object" && json !== null && "key" in json ? json.key : undefined;
  if (!valid(key)) {
    throw new Problem("invalid-key", "The body needs key, the key of a picture.");
  }
  return key;
}

async function read(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = new Problem("too-large", `The body may have ${limit} bytes.`);
  // The rest is read and thrown away: a sidecar that is cut off while it sends reports that, and not our answer.
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    request.resume();
    throw tooLarge;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      request.resume();
      throw tooLarge;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function answer(response: ServerResponse, status: number, type: string, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text), ...headers }).end(text);
}

function refuse(response: ServerResponse, error: unknown, trace: string): void {
  if (response.destroyed) {
    return;
  }
  const problem = error instanceof Problem ? error : new Problem("internal", "The trace id leads to the log.");
  if (problem.kind === "internal") {
    log("error", "A request failed", { trace_id: trace, reason: reason(error) });
  } else if (problem.status === 503) {
    log("warning", "Refused for now", { trace_id: trace, problem: problem.kind, reason: reason(problem.cause ?? problem) });
  }
  answer(response, problem.status, "application/problem+json", problem.body(trace), problem.headers);
}
