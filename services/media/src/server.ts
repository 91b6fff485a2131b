import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { log, reason } from "./log.js";
import { normalize, visionObject } from "./normalize.js";
import type { Objects } from "./objects.js";
import { MaxBytes } from "./picture.js";
import { Problem } from "./problems.js";
import { Slots } from "./slots.js";
import { off, type Span, type Telemetry } from "./telemetry.js";
import type { Classifier } from "./vision/classifier.js";

export interface Parts {
  readonly objects: Objects;
  readonly classifier: Classifier;
  /** What the sidecar must send with every call; undefined on a machine without tokens. */
  readonly token: string | undefined;
  readonly telemetry: Telemetry;
}

const MaxJsonBytes = 4096;
const Segment = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

/** Two at work is what two cores can do; sixteen in line are at most 160 MB of uploads. */
const Running = 2;
const Waiting = 16;

interface Call {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly span: Span;
}

/**
 * A plain HTTP server: the SDK's DaprServer puts express and its body parsers in front, which know JSON and text and hold
 * raw bodies twice, and none of what it adds (subscriptions, input bindings, actors) is used here.
 */
export function serve(parts: Parts): Server {
  const slots = new Slots(Running, Waiting);
  const { telemetry } = parts;
  telemetry.watch(() => slots.waitingNow);

  const routes: Record<string, (call: Call) => Promise<unknown>> = {
    "POST /v1/normalize": async ({ request, query, span }) => {
      const key = keyIn(query, "key");
      const source = query.has("source") ? keyIn(query, "source") : undefined;
      const sent = await read(request, MaxBytes);
      return await slots.use(async () => {
        const picture = source === undefined ? sent : await span.step("objects get", {}, () => parts.objects.get(source));
        return span.step("normalize", { bytes: picture.length }, () => normalize(key, picture, parts.objects));
      });
    },
    "POST /v1/classify": async ({ request, span }) => {
      const key = keyOf(await read(request, MaxJsonBytes));
      return await slots.use(async () => {
        const photo = await span.step("objects get", {}, () => parts.objects.get(visionObject(key)));
        const seen = await span.step("classify", { model: parts.classifier.name }, () => parts.classifier.classify(photo));
        telemetry.classified(seen.label, seen.unsure);
        return seen;
      });
    },
    "GET /healthz": async () => ({ status: "ok" }),
  };

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, async (request, response) => {
    const started = performance.now();
    const url = new URL(request.url ?? "/", "http://media");
    const route = `${request.method} ${url.pathname}`;
    const handle = Object.hasOwn(routes, route) ? routes[route] : undefined;
    // A path that is none of ours is no name for a span or a series.
    const path = handle === undefined ? "" : url.pathname;
    const probe = route === "GET /healthz";
    const span = (probe ? off : telemetry).begin(path === "" ? String(request.method) : route, request.headers);
    try {
      if (!probe) {
        authorize(request, parts.token);
      }
      if (handle === undefined) {
        throw unknown(url.pathname, Object.keys(routes));
      }
      answer(response, 200, "application/json", await handle({ request, query: url.searchParams, span }));
    } catch (error) {
      refuse(response, error, span);
    }
    if (!probe) {
      const took = performance.now() - started;
      const status = response.statusCode;
      span.end({ "http.request.method": String(request.method), "http.route": path, "http.response.status_code": status }, status >= 500);
      telemetry.answered(String(request.method), path, status, took / 1000);
      // The path alone: the query holds the key, and the key the user.
      log("info", "Answered", { path: url.pathname, status, duration_ms: Math.round(took), trace_id: span.traceId, span_id: span.spanId });
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

function refuse(response: ServerResponse, error: unknown, span: Span): void {
  if (response.destroyed) {
    return;
  }
  const problem = error instanceof Problem ? error : new Problem("internal", "The trace id leads to the log.");
  if (problem.kind === "internal") {
    log("error", "A request failed", { trace_id: span.traceId, span_id: span.spanId, reason: reason(error) });
  } else if (problem.status === 503) {
    log("warning", "Refused for now", { trace_id: span.traceId, span_id: span.spanId, problem: problem.kind, reason: reason(problem.cause ?? problem) });
  }
  answer(response, problem.status, "application/problem+json", problem.body(span.traceId), problem.headers);
}
