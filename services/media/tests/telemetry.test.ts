import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { App, freePort, Key } from "./app.js";
import { noise } from "./pictures.js";

const Trace = "0af7651916cd43dd8448eb211c80319c";
const Parent = "b7ad6b7169203331";

describe("What a collector and a scraper see", () => {
  test("a call goes on in its caller's trace, with its steps, and names no key", async (t) => {
    const sent: { path: string; body: Buffer }[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
        sent.push({ path: request.url ?? "", body: Buffer.concat(chunks) });
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    t.after(() => collector.close());
    const port = await freePort();
    const app = await App.start({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        OTEL_TRACES_SAMPLER: "parentbased_always_off",
        ECO2_METRICS_URL: `http://127.0.0.1:${port}`,
      },
    });
    t.after(() => app.stop());
    const headers = { "dapr-api-token": "token-of-the-app", traceparent: `00-${Trace}-${Parent}-01` };

    const stored = await app.call("POST", `/v1/normalize?key=${encodeURIComponent(Key)}`, await noise(40, 40).png().toBuffer(), headers);
    const seen = await app.call("POST", "/v1/classify", JSON.stringify({ key: Key }), headers);
    await app.call("GET", "/elsewhere/0198c0de", undefined, { "dapr-api-token": "token-of-the-app" });
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const other = await fetch(`http://127.0.0.1:${port}/v1/classify`);
    const outside = await app.call("GET", "/metrics");
    await app.stop();

    assert.deepEqual([stored.status, seen.status, other.status, outside.status], [200, 200, 404, 404]);
    const traces = Buffer.concat(sent.filter((one) => one.path === "/v1/traces").map((one) => one.body));
    for (const name of ["POST /v1/normalize", "POST /v1/classify", "objects get", "normalize", "classify", "media", "eco2"]) {
      assert.ok(traces.includes(name), name);
    }
    // Two calls begin under the caller's span; all their spans are of the caller's trace, and the call without a trace is not told of.
    assert.equal(count(traces, Buffer.from(Parent, "hex")), 2);
    assert.equal(count(traces, Buffer.from(Trace, "hex")), 5);
    assert.ok(!traces.includes("0198c0de"), "a key is in a span");
    assert.ok(sent.some((one) => one.path === "/v1/metrics"));
    assert.match(text, /^http_server_request_duration_seconds_count\{[^}]*http_route="\/v1\/classify"[^}]*\} 1$/m);
    assert.match(text, /^http_server_request_duration_seconds_count\{[^}]*http_response_status_code="404"[^}]*\} 1$/m);
    assert.match(text, new RegExp(`^eco2_media_classified_total\\{[^}]*label="${String(seen.body["label"])}"[^}]*\\} 1$`, "m"));
    assert.match(text, /^eco2_media_waiting(\{[^}]*\})? 0$/m);
    assert.doesNotMatch(text, /0198c0de/);
    const line = app.lines.find((one) => one["message"] === "Answered" && one["path"] === "/v1/classify")!;
    assert.deepEqual([line["logger"], line["level"], line["trace_id"]], ["media", "info", Trace]);
    assert.match(String(line["span_id"]), /^[0-9a-f]{16}$/);
    assert.equal(typeof line["duration_ms"], "number");
  });

  test("a collector that is away does not hold up the end", async (t) => {
    const app = await App.start({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` } });
    t.after(() => app.stop());
    await app.call("POST", "/v1/classify", "{}");

    const gone = new Promise<number | null>((resolve) => app.process.once("exit", resolve));
    app.process.kill("SIGTERM");

    assert.equal(await gone, 0);
  });
});

function count(where: Buffer, what: Buffer): number {
  let found = 0;
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, at + what.length)) {
    found++;
  }
  return found;
}
