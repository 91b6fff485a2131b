import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { DaprPubSubStatusEnum, type DaprServer } from "@dapr/dapr";
import { call, daprClient, daprServer, protocols, refusal } from "./clients.js";
import { component, freePort, Redis, Sidecar } from "./processes.js";
import { eventually, Inbox } from "./waiting.js";

interface Got {
  readonly data: unknown;
  readonly headers: Record<string, string>;
}

let redis: Redis;
let sidecar: Sidecar;
let server: DaprServer;
const inboxes = new Map<string, Inbox<Got>>();
const inbox = (name: string): Inbox<Got> => inboxes.get(name)!;
/** What a topic's handler answers, and how often it was asked. */
const answers = new Map<string, (attempt: number) => DaprPubSubStatusEnum>();

function receiver(name: string): (data: unknown, headers: object) => Promise<unknown> {
  inboxes.set(name, new Inbox());
  return (data, headers) => {
    inbox(name).add({ data, headers: headers as Record<string, string> });
    return Promise.resolve(answers.get(name)?.(inbox(name).items.length));
  };
}

before(async () => {
  redis = await Redis.start();
  const port = await freePort();
  sidecar = await Sidecar.start(
    [{ appId: "shop", appPort: port }],
    component("memory", "pubsub.in-memory") +
      component("redis", "pubsub.redis", { redisHost: redis.host }) +
      component("closed", "pubsub.in-memory", { allowedTopics: "open" }) +
      "---\napiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: retries }\nspec:\n  policies:\n    retries:\n      twice: { policy: constant, duration: 10ms, maxRetries: 2 }\n" +
      "  targets:\n    components:\n      memory: { inbound: { retry: twice } }\n      redis: { inbound: { retry: twice } }\n",
  );
  server = daprServer(sidecar.of(), port);
  for (const broker of ["memory", "redis"]) {
    const on = (topic: string): string => `${broker}/${topic}`;
    for (const topic of ["plain", "dead", "dropped-dead", "gone"]) {
      await server.pubsub.subscribe(broker, topic, receiver(on(topic)));
    }
    await server.pubsub.subscribe(broker, "raw", receiver(on("raw")), undefined, { rawPayload: true } as never);
    await server.pubsub.subscribe(broker, "routed-simply", receiver(on("routed-simply")), "/a-route");
    await server.pubsub.subscribe(broker, "retried", receiver(on("retried")));
    await server.pubsub.subscribeWithOptions(broker, "failing", { callback: receiver(on("failing")), deadLetterTopic: "dead" });
    await server.pubsub.subscribeWithOptions(broker, "dropped", { callback: receiver(on("dropped")), deadLetterTopic: "dropped-dead" });
    const route = {
      default: "other",
      rules: [
        { match: `event.type == "order.created"`, path: "created" },
        { match: `has(event.data.kind) && event.data.kind in ["a", "b"]`, path: "kind" },
      ],
    };
    await server.pubsub.subscribeWithOptions(broker, "rules", { route });
    for (const path of ["other", "created", "kind"]) {
      server.pubsub.subscribeToRoute(broker, "rules", path, receiver(on(`rules/${path}`)));
    }
    await server.pubsub.subscribeBulk(broker, "bulk", receiver(on("bulk")), { maxMessagesCount: 10, maxAwaitDurationMs: 100 });
  }
  await server.start();
  await sidecar.ready();
});
after(async () => {
  await server.stop();
  await sidecar.stop();
  await redis.stop();
});

for (const broker of ["memory", "redis"]) {
  const on = (topic: string): Inbox<Got> => inbox(`${broker}/${topic}`);
  for (const protocol of protocols) {
    describe(`pub/sub on ${broker}, published over ${protocol}`, () => {
      const publish = async (topic: string, data: object | string, options: object = {}): Promise<void> => {
        const { error } = await daprClient(sidecar.of(), protocol).pubsub.publish(broker, topic, data, options);
        assert.equal(error, undefined);
      };

      test("objects and texts arrive as they were", async () => {
        const mark = `${protocol}-plain`;
        await publish("plain", { mark, n: 1.5, text: "생수병" });
        await publish("plain", mark);
        assert.deepEqual((await on("plain").one(({ data }) => (data as Record<string, unknown>)["mark"] === mark)).data, { mark, n: 1.5, text: "생수병" });
        const { headers } = await on("plain").one(({ data }) => data === mark);
        assert.equal(headers["pubsubname"], broker);
        assert.match(headers["content-type"]!, /^application\/cloudevents\+json/);
        assert.match(headers["traceparent"]!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      });

      test("a subscription may name its route", async () => {
        await publish("routed-simply", { mark: protocol });
        await on("routed-simply").one(({ data }) => (data as Record<string, unknown>)["mark"] === protocol);
      });

      test("a raw payload stays without envelope", async () => {
        await publish("raw", { raw: protocol }, { metadata: { rawPayload: "true" } });
        await on("raw").one(({ data }) => (data as Record<string, unknown>)["raw"] === protocol);
      });

      test("rules choose the route, with a default", async () => {
        const event = (type: string, data: object): object => ({ id: `${protocol}-${type}`, source: "test", type, specversion: "1.0", datacontenttype: "application/json", data });
        await publish("rules", event("order.created", { mark: protocol }));
        await publish("rules", event("any", { mark: protocol, kind: "b" }));
        await publish("rules", event("any", { mark: protocol, kind: "z" }));
        const marked = ({ data }: Got): boolean => (data as Record<string, unknown>)["mark"] === protocol;
        await on("rules/created").one(marked);
        assert.equal(((await on("rules/kind").one(marked)).data as Record<string, unknown>)["kind"], "b");
        assert.equal(((await on("rules/other").one(marked)).data as Record<string, unknown>)["kind"], "z");
        assert.equal(on("rules/created").items.filter(marked).length, 1);
      });

      test("RETRY comes again as the policy says", async () => {
        const before = on("retried").items.length;
        answers.set(`${broker}/retried`, (attempt) => (attempt - before < 3 ? DaprPubSubStatusEnum.RETRY : DaprPubSubStatusEnum.SUCCESS));
        await publish("retried", { mark: protocol });
        const got = await on("retried").count(before + 3);
        assert.deepEqual(got.slice(before).map(({ data }) => data), Array(3).fill({ mark: protocol }));
      });

      test("what fails for good, or is dropped, is a dead letter", async () => {
        answers.set(`${broker}/failing`, () => DaprPubSubStatusEnum.RETRY);
        answers.set(`${broker}/dropped`, () => DaprPubSubStatusEnum.DROP);
        const marked = ({ data }: Got): boolean => (data as Record<string, unknown>)["mark"] === protocol;
        await publish("failing", { mark: protocol });
        await publish("dropped", { mark: protocol });
        await on("dead").one(marked);
        await on("dropped-dead").one(marked);
        assert.equal(on("failing").items.filter(marked).length, 3);
        assert.equal(on("dropped").items.filter(marked).length, 1);
      });

      test("bulk publish and bulk subscribe carry everything once", async () => {
        const messages = Array.from({ length: 25 }, (_, i) => ({ entryID: `${i}`, event: { mark: protocol, i } }));
        const { failedMessages } = await daprClient(sidecar.of(), protocol).pubsub.publishBulk(broker, "bulk", messages);
        assert.deepEqual(failedMessages, []);
        const mine = (): number[] =>
          on("bulk").items.flatMap(({ data }) => ((data as Record<string, unknown>)["mark"] === protocol ? [(data as { i: number }).i] : []));
        await eventually(() => mine().length === 25, "25 arrive");
        assert.deepEqual(mine().sort((a, b) => a - b), messages.map((_, i) => i));
      });

      test("bulk publish takes texts, objects and CloudEvents without entry ids", async () => {
        const before = on("plain").items.length;
        const cloudEvent = { id: "c", source: "test", type: "t", specversion: "1.0", data: "in the envelope" };
        const { failedMessages } = await daprClient(sidecar.of(), protocol).pubsub.publishBulk(broker, "plain", ["text", { object: 1 }, cloudEvent]);
        assert.deepEqual(failedMessages, []);
        const got = (await on("plain").count(before + 3)).slice(before).map(({ data }) => data);
        assert.deepEqual(new Set(got.map((data) => JSON.stringify(data))), new Set(['"text"', '{"object":1}', '"in the envelope"']));
      });

      test("an unknown component, and a topic that is not allowed, are refused", async () => {
        const { pubsub } = daprClient(sidecar.of(), protocol);
        const cases = [
          ["nowhere", "t", 404, "ERR_PUBSUB_NOT_FOUND", Code.InvalidArgument],
          ["closed", "shut", 403, "ERR_PUBSUB_FORBIDDEN", Code.PermissionDenied],
        ] as const;
        for (const [name, topic, status, errorCode, code] of cases) {
          if (protocol === "HTTP") {
            const refused = refusal((await pubsub.publish(name, topic, "x")).error);
            assert.deepEqual([refused.status, refused.errorCode], [status, errorCode]);
          } else {
            await assert.rejects(() => pubsub.publish(name, topic, "x"), (thrown) => ((thrown as { error: ConnectError }).error.code as number) === code);
          }
        }
        const { failedMessages } = await pubsub.publishBulk("nowhere", "t", ["a", "b"]);
        assert.equal(failedMessages.length, 2);
      });
    });
  }
}

describe("pub/sub on the wire", () => {
  test("subscriptions are told by the metadata API", async () => {
    const { json } = await call(sidecar, "GET", "/v1.0/metadata");
    const subscriptions = json.subscriptions as { pubsubname: string; topic: string; type: string; deadLetterTopic?: string; rules: { match: string; path: string }[] }[];
    const failing = subscriptions.find((one) => one.pubsubname === "redis" && one.topic === "failing")!;
    assert.deepEqual([failing.type, failing.deadLetterTopic], ["PROGRAMMATIC", "dead"]);
    assert.equal(subscriptions.find((one) => one.topic === "rules")!.rules.length, 3);
  });

  test("bulk publish wants an entry id once each", async () => {
    for (const entries of [[{ event: "a" }], [{ entryId: "1", event: "a" }, { entryId: "1", event: "b" }]]) {
      const refused = await call(sidecar, "POST", "/v1.0-alpha1/publish/bulk/memory/plain", entries);
      assert.deepEqual([refused.status, refused.json.errorCode], [400, "ERR_PUBSUB_EVENTS_SER"]);
    }
  });
});
