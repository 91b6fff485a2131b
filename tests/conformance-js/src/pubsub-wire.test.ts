import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { call } from "./clients.js";
import { component, Redis, Sidecar, Tracing } from "./processes.js";
import { RawApp, type Received } from "./raw-app.js";
import { eventually } from "./waiting.js";

let redis: Redis;
let app: RawApp;
let sidecar: Sidecar;
/** What the app answers at a path. */
const answers = new Map<string, (request: Received) => object>();

const subscription = (version: string, name: string, spec: string): string => `---\napiVersion: dapr.io/${version}\nkind: Subscription\nmetadata: { name: ${name} }\nspec:\n${spec}\n`;

before(async () => {
  redis = await Redis.start();
  app = await RawApp.start();
  app.handle = (received) => {
    const { url, method } = received;
    return method === "POST" && url !== "/missing" ? { body: answers.get(url)?.(received) ?? { status: "SUCCESS" } } : { status: 404 };
  };
  sidecar = await Sidecar.start(
    [{ appId: "reader", appPort: app.port }, { appId: "stranger" }],
    component("redis", "pubsub.redis", { redisHost: redis.host }) +
      component("memory", "pubsub.in-memory") +
      subscription("v1alpha1", "first", "  pubsubname: redis\n  topic: first\n  route: /first") +
      subscription(
        "v2alpha1",
        "second",
        "  pubsubname: redis\n  topic: second\n  routes:\n    rules:\n      - { match: 'event.type == \"big\"', path: /big }\n      - { match: 'event.data.size > 10 && !(event.source in [\"x\"])', path: /sized }\n    default: /rest",
      ) +
      subscription("v2alpha1", "nodefault", "  pubsubname: memory\n  topic: nodefault\n  routes:\n    rules:\n      - { match: 'event.type == \"big\"', path: /only-big }\n  deadLetterTopic: unmatched") +
      subscription("v1alpha1", "unmatched", "  pubsubname: memory\n  topic: unmatched\n  route: /unmatched") +
      subscription("v2alpha1", "bulk", "  pubsubname: redis\n  topic: bulk\n  routes: { default: /bulk }\n  bulkSubscribe: { enabled: true, maxMessagesCount: 5, maxAwaitDurationMs: 200 }\n  deadLetterTopic: bulk-dead") +
      subscription("v2alpha1", "bulk-dead", "  pubsubname: redis\n  topic: bulk-dead\n  routes: { default: /bulk-dead }") +
      subscription("v1alpha1", "raw", "  pubsubname: redis\n  topic: raw\n  route: /raw\n  metadata: { rawPayload: \"true\" }") +
      subscription("v2alpha1", "missing", "  pubsubname: redis\n  topic: missing\n  routes: { default: /missing }\n  deadLetterTopic: missing-dead") +
      subscription("v2alpha1", "missing-dead", "  pubsubname: redis\n  topic: missing-dead\n  routes: { default: /missing-dead }") +
      subscription("v1alpha1", "scoped", "  pubsubname: redis\n  topic: scoped\n  route: /scoped\nscopes: [stranger]"),
    Tracing,
  );
  await sidecar.ready();
});
after(async () => {
  await sidecar.stop();
  await app.stop();
  await redis.stop();
});

const arrived = (path: string, test: (event: Received["json"]) => boolean = () => true): Promise<Received> => app.inbox.one((request) => request.url === path && test(request.json));
const publish = async (topic: string, body: unknown, headers: Record<string, string> = {}, query = "", broker = "redis"): Promise<void> => {
  const answer = await call(sidecar, "POST", `/v1.0/publish/${broker}/${topic}${query}`, body, { headers });
  assert.equal(answer.status, 204, answer.text);
};

describe("declared subscriptions", () => {
  test("version 1 has one route, and the envelope has its members", async () => {
    await publish("first", { a: 1 }, { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "k=v" });
    const { headers, json } = await arrived("/first", (event) => event.datacontenttype === "application/json");
    assert.match(headers["content-type"]!, /^application\/cloudevents\+json/);
    assert.match(json.id, /^[0-9a-f-]{36}$/);
    assert.match(json.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
    assert.match(json.traceid, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    const { id: _, time: __, traceid, traceparent, ...rest } = json;
    assert.equal(traceid, traceparent);
    assert.deepEqual(rest, {
      source: "reader",
      type: "com.dapr.event.sent",
      specversion: "1.0",
      datacontenttype: "application/json",
      topic: "first",
      pubsubname: "redis",
      tracestate: "k=v",
      data: { a: 1 },
    });
  });

  test("data is what the content type says", async () => {
    await publish("first", "just text", { "content-type": "text/plain" });
    assert.equal((await arrived("/first", (event) => event.datacontenttype === "text/plain")).json.data, "just text");
    await publish("first", Uint8Array.of(0, 255, 7), { "content-type": "application/octet-stream" });
    const binary = await arrived("/first", (event) => event.datacontenttype === "application/octet-stream");
    assert.deepEqual([binary.json.data_base64, binary.json.data], ["AP8H", undefined]);
    await publish("first", '{"n": 12345678901234567890}', { "content-type": "application/json" });
    await eventually(() => app.at("/first").some(({ body }) => body.includes("12345678901234567890")), "the number is kept exactly");
  });

  test("members of the envelope may be given", async () => {
    await publish("first", { given: true }, {}, "?metadata.cloudevent.id=my-id&metadata.cloudevent.type=my-type&metadata.cloudevent.source=me&metadata.cloudevent.subject=s");
    const { json } = await arrived("/first", (event) => event.id === "my-id");
    assert.deepEqual([json.type, json.source, json.subject], ["my-type", "me", "s"]);
  });

  test("a ready-made CloudEvent passes, and what it lacks is filled in", async () => {
    const event = { id: "ready", specversion: "1.0", type: "mine", source: "there", extra: { deep: [1] }, data: 5 };
    await publish("first", JSON.stringify(event), { "content-type": "application/cloudevents+json" });
    const { json } = await arrived("/first", (got) => got.id === "ready");
    assert.deepEqual([json.type, json.source, json.extra, json.data, json.topic, json.pubsubname], ["mine", "there", { deep: [1] }, 5, "first", "redis"]);
    assert.ok(json.traceid);
  });

  test("version 2 has rules in order and a default", async () => {
    const event = (id: string, type: string, source: string, size: number): string => JSON.stringify({ id, type, source, specversion: "1.0", data: { size } });
    const headers = { "content-type": "application/cloudevents+json" };
    await publish("second", event("1", "big", "y", 99), headers);
    await publish("second", event("2", "small", "y", 11), headers);
    await publish("second", event("3", "small", "x", 11), headers);
    assert.equal((await arrived("/big")).json.id, "1");
    assert.equal((await arrived("/sized")).json.id, "2");
    assert.equal((await arrived("/rest")).json.id, "3");
  });

  test("what no rule matches goes to the dead letter topic", async () => {
    await publish("nodefault", { x: 1 }, {}, "", "memory");
    assert.deepEqual((await arrived("/unmatched")).json.data, { x: 1 });
    assert.equal(app.at("/only-big").length, 0);
  });

  test("404 from the app is a drop", async () => {
    await publish("missing", { lost: true });
    assert.deepEqual((await arrived("/missing-dead")).json.data, { lost: true });
    assert.equal(app.at("/missing").length, 1);
  });

  test("an expired message is not delivered", async () => {
    const expired = { id: "late", specversion: "1.0", type: "t", source: "s", expiration: new Date(Date.now() - 1000).toISOString(), data: 1 };
    await publish("first", JSON.stringify(expired), { "content-type": "application/cloudevents+json" });
    await publish("first", { after: "late" }, {}, "?metadata.ttlInSeconds=100");
    const { json } = await arrived("/first", (event) => event.data?.after === "late");
    assert.ok(Date.parse(json.expiration) > Date.now());
    assert.equal(app.at("/first").filter((request) => request.json.id === "late").length, 0);
  });

  test("what is raw on the broker comes in a new envelope, as bytes", async () => {
    await publish("raw", '{"just":"this"}', { "content-type": "application/json" }, "?metadata.rawPayload=true");
    const { json } = await arrived("/raw");
    const { id, time: _, traceid: __, traceparent: ___, tracestate: ____, ...rest } = json;
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, {
      source: "Dapr",
      type: "com.dapr.event.sent",
      specversion: "1.0",
      datacontenttype: "application/octet-stream",
      topic: "raw",
      pubsubname: "redis",
      data_base64: Buffer.from('{"just":"this"}').toString("base64"),
    });
    assert.match(await redis.send("XRANGE", "raw", "-", "+"), /^data\n\{"just":"this"\}$/m);
  });

  test("a subscription for another app is not ours", async () => {
    const { json } = await call(sidecar, "GET", "/v1.0/metadata");
    const topics = (json.subscriptions as { topic: string; type: string }[]).map(({ topic, type }) => `${topic} ${type}`);
    assert.ok(topics.includes("first DECLARATIVE"));
    assert.ok(!topics.includes("scoped DECLARATIVE"));
  });

  test("a batch names its entries, and each has its own status", async () => {
    const statuses = ["SUCCESS", "RETRY", "DROP", undefined, "SUCCESS"];
    answers.set("/bulk", ({ json }) => ({
      statuses: (json.entries as { entryId: string; event: { data: { i: number } } }[]).flatMap(({ entryId, event }) => (statuses[event.data.i] === undefined ? [] : [{ entryId, status: statuses[event.data.i] }])),
    }));
    const entries = statuses.map((_, i) => ({ entryId: `${i}`, event: { i }, contentType: "application/json" }));
    assert.equal((await call(sidecar, "POST", "/v1.0/publish/bulk/redis/bulk", entries)).status, 204);
    const { headers, json } = await arrived("/bulk");
    assert.match(headers["content-type"]!, /^application\/json/);
    assert.deepEqual([json.type, json.topic, json.pubsubname], ["com.dapr.event.sent.bulk", "bulk", "redis"]);
    assert.ok(json.id);
    const [entry] = json.entries;
    assert.equal(entry.contentType, "application/cloudevents+json");
    assert.equal(entry.event.specversion, "1.0");
    assert.ok(entry.entryId);
    // Nobody retries here, so what is not a success ends as a dead letter: an entry without a status too.
    await eventually(() => app.at("/bulk-dead").length === 3, "three dead letters");
    assert.deepEqual(app.at("/bulk-dead").map((letter) => letter.json.data.i).sort(), [1, 2, 3]);
  });
});
