import assert from "node:assert/strict";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError, createClient, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { DaprPubSubStatusEnum, HttpMethod, type DaprServer } from "@dapr/dapr";
import { AppCallback, AppCallbackAlpha } from "@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js";
import { Dapr } from "@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js";
import { call, daprClient, daprServer, protocols, rawGrpc } from "./clients.js";
import { component, freePort, Redis, Sidecar } from "./processes.js";
import { eventually, Inbox } from "./waiting.js";

/** Another service altogether, for proxying: the sidecar's own methods under another name. */
const other = { ...Dapr, typeName: "eco2.test.Other" } as typeof Dapr;
(other as { methods: unknown }).methods = Dapr.methods.map((method) => ({ ...method, parent: other }));
(other as { method: unknown }).method = Object.fromEntries(Object.entries(Dapr.method).map(([name, method]) => [name, { ...method, parent: other }]));

/** An app that speaks gRPC without the package's server: what the sidecar sends is seen as it is. */
class RawGrpcApp {
  readonly inbox = new Inbox<{ method: string; header: Headers; message: Record<string, unknown> }>();
  private readonly sessions = new Set<ServerHttp2Session>();
  private readonly server: Http2Server;

  constructor() {
    const see = (method: string, message: unknown, header: Headers): void => this.inbox.add({ method, message: message as never, header });
    const callback: Partial<ServiceImpl<typeof AppCallback>> = {
      onInvoke: (message, context) => {
        see("onInvoke", message, context.requestHeader);
        if (message.method === "refuse") {
          throw new ConnectError("not yours", Code.PermissionDenied);
        }
        context.responseHeader.set("x-from-app", "yes");
        return { data: { value: Buffer.from(JSON.stringify({ got: Buffer.from(message.data!.value).toString() })) }, contentType: "application/json" };
      },
    };
    const alpha: Partial<ServiceImpl<typeof AppCallbackAlpha>> = {
      onJobEventAlpha1: (message, context) => {
        see("onJobEvent", message, context.requestHeader);
        return {};
      },
    };
    const adapter = connectNodeAdapter({
      routes: (router) => {
        router.service(AppCallback, callback).service(AppCallbackAlpha, alpha);
        router.service(other, {
          getState: (message, context) => {
            see("getState", message, context.requestHeader);
            if (message.key === "gone") {
              throw new ConnectError("no such thing", Code.NotFound);
            }
            return { data: Buffer.from(message.key), etag: "1" };
          },
          subscribeTopicEventsAlpha1: async function* (requests) {
            for await (const { subscribeTopicEventsRequestType: asked } of requests) {
              yield { subscribeTopicEventsResponseType: { case: "eventMessage" as const, value: { id: (asked.value as { id: string }).id } } };
            }
          },
          subscribeConfiguration: async function* () {
            for (let i = 0; i < 3; i += 1) {
              yield { id: `${i}` };
            }
          },
        });
      },
    });
    this.server = createServer(adapter);
    this.server.on("session", (session) => this.sessions.add(session));
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.server.close();
    this.sessions.forEach((session) => session.destroy());
  }
}

let redis: Redis;
let sidecar: Sidecar;
let server: DaprServer;
let raw: RawGrpcApp;
const topics = new Map<string, Inbox<unknown>>();
const ticks = new Inbox<unknown>();
const inbox = (topic: string): Inbox<unknown> => topics.get(topic) ?? topics.set(topic, new Inbox()).get(topic)!;
const marked = (mark: string) => (data: unknown): boolean => (data as { mark?: string }).mark === mark;

before(async () => {
  redis = await Redis.start();
  const port = await freePort();
  raw = new RawGrpcApp();
  sidecar = await Sidecar.start(
    [{ appId: "app", appPort: port, protocol: "grpc" }, { appId: "raw", appPort: await raw.start(), protocol: "grpc", appToken: "of-the-app" }, { appId: "caller" }],
    component("pubsub", "pubsub.redis", { redisHost: redis.host }) +
      component("store", "state.redis", { redisHost: redis.host, actorStateStore: "true" }, "scopes: [raw]") +
      component("tick", "bindings.cron", { schedule: "@every 1s" }),
  );
  server = daprServer(sidecar.of("app"), port, "gRPC");
  const receive = (topic: string, status?: DaprPubSubStatusEnum) => (data: unknown) => Promise.resolve((inbox(topic).add(data), status));
  await server.pubsub.subscribe("pubsub", "plain", receive("plain"));
  await server.pubsub.subscribe("pubsub", "dead", receive("dead"));
  await server.pubsub.subscribeWithOptions("pubsub", "retried", { callback: receive("retried", DaprPubSubStatusEnum.RETRY), deadLetterTopic: "dead" });
  await server.pubsub.subscribeWithOptions("pubsub", "dropped", { callback: receive("dropped", DaprPubSubStatusEnum.DROP), deadLetterTopic: "dead" });
  await server.pubsub.subscribeBulk("pubsub", "bulk", receive("bulk"), { maxMessagesCount: 10, maxAwaitDurationMs: 100 });
  await server.pubsub.subscribeWithOptions("pubsub", "rules", { route: { default: "other", rules: [{ match: 'event.type == "big"', path: "big" }] } });
  server.pubsub.subscribeToRoute("pubsub", "rules", "big", receive("rules/big"));
  server.pubsub.subscribeToRoute("pubsub", "rules", "other", receive("rules/other"));
  await server.binding.receive("tick", (data: unknown) => Promise.resolve(ticks.add(data)));
  for (const method of [HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE]) {
    await server.invoker.listen("echo", (data) => Promise.resolve({ method, body: data.body, query: data.query }), { method });
  }
  await server.start();
  await sidecar.ready("app");
  await sidecar.ready("raw");
});
after(async () => {
  await sidecar.stop();
  raw.stop();
  await server.stop();
  await redis.stop();
});

describe("an app of the package that speaks gRPC", () => {
  for (const protocol of protocols) {
    test(`is invoked over ${protocol}`, async () => {
      const { invoker } = daprClient(sidecar.of("caller"), protocol);
      const posted = (await invoker.invoke("app", "echo", HttpMethod.POST, { hello: "세계" })) as Record<string, string>;
      assert.deepEqual([posted["method"], JSON.parse(posted["body"]!)], ["post", { hello: "세계" }]);
      assert.equal(((await invoker.invoke("app", "echo", HttpMethod.GET)) as Record<string, string>)["method"], "get");
    });

    test(`gets what is published over ${protocol}`, async () => {
      const { pubsub } = daprClient(sidecar.of("caller"), protocol);
      const mark = protocol;
      await pubsub.publish("pubsub", "plain", { mark, n: 1 });
      assert.deepEqual(await inbox("plain").one(marked(mark)), { mark, n: 1 });
      await pubsub.publish("pubsub", "plain", `text ${mark}`);
      await inbox("plain").one((data) => data === `text ${mark}`);
      await pubsub.publish("pubsub", "rules", { id: mark, source: "s", type: "big", specversion: "1.0", datacontenttype: "application/json", data: { mark } });
      await pubsub.publish("pubsub", "rules", { mark });
      await inbox("rules/big").one(marked(mark));
      await inbox("rules/other").one(marked(mark));
    });

    test(`sends back and drops what is published over ${protocol}`, async () => {
      const { pubsub } = daprClient(sidecar.of("caller"), protocol);
      for (const topic of ["retried", "dropped"]) {
        await pubsub.publish("pubsub", topic, { mark: `${topic} ${protocol}` });
        await inbox("dead").one(marked(`${topic} ${protocol}`));
        assert.equal(inbox(topic).items.filter(marked(`${topic} ${protocol}`)).length, 1);
      }
    });

    test(`gets batches published over ${protocol}`, async () => {
      const messages = Array.from({ length: 12 }, (_, n) => ({ event: { mark: protocol, n } }));
      assert.deepEqual((await daprClient(sidecar.of("caller"), protocol).pubsub.publishBulk("pubsub", "bulk", messages)).failedMessages, []);
      await eventually(() => inbox("bulk").items.filter(marked(protocol)).length === 12, "12 arrive");
    });
  }

  test("gets the events of the bindings it names", async () => {
    await ticks.count(2);
  });

  test("is told as such by the metadata", async () => {
    const { json } = await call(sidecar, "GET", "/v1.0/metadata", undefined, { appId: "app" });
    assert.equal(json.appConnectionProperties.protocol, "grpc");
    assert.ok(json.subscriptions.some((one: { topic: string; type: string }) => one.topic === "plain" && one.type === "PROGRAMMATIC"));
  });
});

describe("a gRPC app on the wire", () => {
  test("an HTTP call arrives with verb, query, headers, token and trace", async () => {
    const answer = await call(sidecar, "PUT", "/v1.0/invoke/raw/method/a/b?x=1", "body", { appId: "caller", headers: { "content-type": "text/plain", "x-mine": "1", accept: "a/b" } });
    assert.deepEqual([answer.status, answer.json, answer.headers.get("x-from-app"), answer.headers.get("content-type")], [200, { got: "body" }, "yes", "application/json"]);
    const { header, message } = await raw.inbox.one(({ message: { method } }) => method === "a/b");
    assert.deepEqual([message["contentType"], message["httpExtension"]], ["text/plain", { $typeName: "dapr.proto.common.v1.HTTPExtension", verb: 4, querystring: "x=1" }]);
    assert.deepEqual([header.get("x-mine"), header.get("dapr-accept"), header.get("dapr-api-token"), header.get("dapr-caller-app-id")], ["1", "a/b", "of-the-app", "caller"]);
    assert.match(header.get("traceparent")!, /^00-/);
  });

  test("a refusal keeps its status, as a gRPC status or the HTTP status for it", async () => {
    const refused = await call(sidecar, "POST", "/v1.0/invoke/raw/method/refuse", "", { appId: "caller" });
    assert.deepEqual([refused.status, refused.json], [403, { code: 7, message: "not yours" }]);
    await assert.rejects(
      () => rawGrpc(sidecar.of("caller")).invokeService({ id: "raw", message: { method: "refuse" } }),
      (error) => (error as ConnectError).code === Code.PermissionDenied && (error as ConnectError).rawMessage === "not yours",
    );
  });

  test("a job comes by the Alpha1 method when there is no other", async () => {
    await call(sidecar, "POST", "/v1.0/jobs/later", { dueTime: "10ms", data: "d" }, { appId: "raw" });
    const { message } = await raw.inbox.one(({ method }) => method === "onJobEvent");
    assert.deepEqual([message["name"], message["method"], message["contentType"]], ["later", "job/later", "type.googleapis.com/google.protobuf.Value"]);
  });

  test("any other service is reached by naming the app", async () => {
    const proxied = createClient(other, createGrpcTransport({ baseUrl: `http://127.0.0.1:${sidecar.of("caller").grpc}` }));
    const headers = { "dapr-app-id": "raw", "x-mine": "2" };
    assert.equal(Buffer.from((await proxied.getState({ key: "hi" }, { headers })).data).toString(), "hi");
    const { header } = await raw.inbox.one(({ method }) => method === "getState");
    assert.deepEqual([header.get("x-mine"), header.get("dapr-app-id"), header.get("dapr-callee-app-id"), header.get("dapr-api-token")], ["2", null, "raw", "of-the-app"]);
    await assert.rejects(
      () => proxied.getState({ key: "gone" }, { headers }),
      (error) => (error as ConnectError).code === Code.NotFound && (error as ConnectError).rawMessage === "no such thing",
    );
    const ids: string[] = [];
    for await (const { id } of proxied.subscribeConfiguration({}, { headers })) {
      ids.push(id);
    }
    assert.deepEqual(ids, ["0", "1", "2"]);
    await assert.rejects(
      () => proxied.getState({ key: "x" }),
      (error) => (error as ConnectError).code === Code.Unknown && (error as ConnectError).rawMessage === "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found",
    );
  });

  test("a stream to it goes both ways at once", async () => {
    const proxied = createClient(other, createGrpcTransport({ baseUrl: `http://127.0.0.1:${sidecar.of("caller").grpc}` }));
    const request = (id: string) => ({ subscribeTopicEventsRequestType: { case: "eventProcessed" as const, value: { id } } });
    let goOn = (): void => undefined;
    const answers = proxied.subscribeTopicEventsAlpha1(
      (async function* () {
        yield request("first");
        await new Promise<void>((resolve) => (goOn = resolve));
        yield request("second");
      })(),
      { headers: { "dapr-app-id": "raw" } },
    )[Symbol.asyncIterator]();
    const next = async (): Promise<string> => ((await answers.next()).value.subscribeTopicEventsResponseType.value as { id: string }).id;
    assert.equal(await next(), "first");
    goOn();
    assert.equal(await next(), "second");
    assert.equal((await answers.next()).done, true);
  });
});
