import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { HttpMethod, type DaprServer } from "@dapr/dapr";
import { Dapr } from "@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js";
import { call, daprClient, daprServer, protocols, rawGrpc } from "./clients.js";
import { component, freePort, Sidecar } from "./processes.js";
import { RawApp } from "./raw-app.js";
import { eventually } from "./waiting.js";

const stores = component("memory", "state.in-memory") + component("pubsub", "pubsub.in-memory") + component("tick", "bindings.cron", { schedule: "@every 1s", direction: "input" }, "scopes: [guarded]");
let sidecar: Sidecar;
let app: RawApp;
before(async () => {
  app = await RawApp.start();
  app.handle = ({ url }) => (url === "/dapr/subscribe" ? { body: [{ pubsubname: "pubsub", topic: "t", route: "/topic" }] } : { body: {} });
  sidecar = await Sidecar.start(
    [{ appId: "open" }, { appId: "guarded", appPort: app.port, apiToken: "of-the-sidecar", appToken: "of-the-app" }, { appId: "late", appPort: await freePort() }, { appId: "leaving-by-http" }, { appId: "leaving-by-grpc" }],
    stores,
  );
  await sidecar.ready("guarded");
});
after(async () => {
  await sidecar.stop();
  await app.stop();
});

for (const protocol of protocols) {
  describe(`the sidecar over ${protocol}`, () => {
    test("metadata names app and components, and takes extensions", async () => {
      const { metadata, health } = daprClient(sidecar.of(), protocol);
      assert.equal(await health.isHealthy(), true);
      assert.equal(await metadata.set(`key-${protocol}`, "value"), true);
      const got = await metadata.get();
      assert.equal(got.id, "open");
      assert.deepEqual(got.components.map(({ name, type, version }) => [name, type, version]).sort(), [["memory", "state.in-memory", "v1"], ["pubsub", "pubsub.in-memory", "v1"]]);
      assert.ok(got.components.find(({ name }) => name === "memory")!.capabilities.includes("ETAG"));
      const extended = got.extended as unknown as Record<string, string>;
      assert.equal(extended[`key-${protocol}`], "value");
      assert.match(extended["daprRuntimeVersion"]!, /^\d+\.\d+\.\d+/);
    });

    test("nobody passes without the API token, and with it everybody", async () => {
      const store = daprClient(sidecar.of("guarded"), protocol, "of-the-sidecar");
      await store.state.save("memory", [{ key: protocol, value: "v" }]);
      assert.equal(await store.state.get("memory", protocol), "v");
      for (const token of [undefined, "wrong"]) {
        const client = daprClient(sidecar.of("guarded"), protocol, token);
        // Else it would wait a minute for the sidecar to let it in.
        client.daprClient.setIsInitialized(true);
        assert.equal(await client.health.isHealthy(), false);
      }
    });
  });
}

describe("tokens", () => {
  test("are 401 over HTTP and UNAUTHENTICATED over gRPC", async () => {
    const refused = await call(sidecar, "GET", "/v1.0/state/memory/k", undefined, { appId: "guarded" });
    assert.deepEqual([refused.status, refused.text], [401, "invalid api token\n"]);
    assert.equal((await call(sidecar, "GET", "/v1.0/healthz", undefined, { appId: "guarded" })).status, 204);
    await assert.rejects(
      () => rawGrpc(sidecar.of("guarded")).getMetadata({}),
      (error) => (error as ConnectError).code === Code.Unauthenticated && (error as ConnectError).rawMessage === "Unauthorized",
    );
  });

  test("the app gets its own with every call, and never the caller's", async () => {
    const guarded = daprClient(sidecar.of("guarded"), "HTTP", "of-the-sidecar");
    await guarded.pubsub.publish("pubsub", "t", { a: 1 });
    await daprClient(sidecar.of("open"), "HTTP").invoker.invoke("guarded", "method", HttpMethod.POST, {}, { headers: { "dapr-api-token": "of-the-caller" } });
    for (const url of ["/dapr/config", "/dapr/subscribe", "/topic", "/tick", "/method"]) {
      const { headers } = await app.inbox.one((request) => request.url === url);
      assert.equal(headers["dapr-api-token"], "of-the-app", url);
    }
    assert.equal(app.at("/dapr/config")[0]!.headers["dapr-app-id"], "guarded");
  });
});

describe("health", () => {
  test("an app that does not listen is not healthy, its sidecar is outbound", async () => {
    const health = await call(sidecar, "GET", "/v1.0/healthz", undefined, { appId: "late" });
    assert.deepEqual([health.status, health.json.errorCode], [500, "ERR_HEALTH_NOT_READY"]);
    assert.equal((await call(sidecar, "GET", "/v1.0/healthz/outbound", undefined, { appId: "late" })).status, 204);
  });

  test("a check may name the app", async () => {
    assert.equal((await call(sidecar, "GET", "/v1.0/healthz?appid=open")).status, 204);
    const other = await call(sidecar, "GET", "/v1.0/healthz?appid=other");
    assert.deepEqual([other.status, other.json.errorCode], [500, "ERR_HEALTH_APPID_NOT_MATCH"]);
  });

  test("the package's server comes and goes and is found again", async () => {
    const port = await freePort();
    const own = await Sidecar.start([{ appId: "mine", appPort: port }], stores);
    let got = 0;
    const start = async (): Promise<DaprServer> => {
      const server = daprServer(own.of(), port);
      await server.pubsub.subscribe("pubsub", "t", () => Promise.resolve((got += 1)));
      await server.start();
      await own.ready();
      return server;
    };
    let server = await start();
    await server.client.pubsub.publish("pubsub", "t", { n: 1 });
    await eventually(() => got === 1, "the first message is there");
    await server.stop();
    server = await start();
    await eventually(async () => {
      await server.client.pubsub.publish("pubsub", "t", { n: 2 });
      return got > 1;
    }, "a message comes again");
    await server.stop();
    await own.stop();
  });

  for (const protocol of protocols) {
    test(`a shutdown over ${protocol} ends one sidecar and no other`, async () => {
      const appId = `leaving-by-${protocol.toLowerCase()}`;
      await daprClient(sidecar.of(appId), protocol).sidecar.shutdown();
      await eventually(async () => {
        try {
          await fetch(sidecar.url("/v1.0/healthz", appId));
          return false;
        } catch {
          return true;
        }
      }, "nobody answers at its port");
      assert.equal((await call(sidecar, "GET", "/v1.0/healthz")).status, 204);
    });
  }
});

describe("refusals", () => {
  test("an error has a code and a message, a rich one details too", async () => {
    const unknown = await call(sidecar, "GET", "/v1.0/state/nowhere/k");
    assert.equal(unknown.headers.get("content-type"), "application/json");
    const { errorCode, message, details } = unknown.json;
    assert.deepEqual([errorCode, message], ["ERR_STATE_STORE_NOT_FOUND", "state store nowhere is not found"]);
    const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "DAPR_STATE_NOT_FOUND", domain: "dapr.io", metadata: details[0].metadata };
    assert.deepEqual(details, [info]);
    assert.ok(info.metadata.appID);
    const illegal = await call(sidecar, "GET", "/v1.0/state/memory/a%7C%7Cb");
    assert.deepEqual(
      illegal.json.details.map((detail: Record<string, string>) => detail["@type"]!.split(".").at(-1)),
      ["BadRequest", "ResourceInfo", "ErrorInfo"],
    );
  });

  test("a gRPC error carries the same details", async () => {
    await assert.rejects(
      () => rawGrpc(sidecar.of()).getState({ storeName: "nowhere", key: "k" }),
      (error) => (error as ConnectError).details.map((detail) => (detail as { type: string }).type).join() === "google.rpc.ErrorInfo",
    );
  });

  test("unknown paths and methods", async () => {
    assert.equal((await call(sidecar, "GET", "/v1.0/nothing/here")).status, 404);
    assert.equal((await call(sidecar, "PATCH", "/v1.0/state/memory/k")).status, 404);
    const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${sidecar.of().grpc}` });
    const method = { ...Dapr.method.getMetadata, parent: { ...Dapr, typeName: "dapr.proto.runtime.v1.Nothing" } } as typeof Dapr.method.getMetadata;
    await assert.rejects(
      () => transport.unary(method, undefined, undefined, undefined, {}),
      (error) => (error as ConnectError).code === Code.Unknown && (error as ConnectError).rawMessage === "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found",
    );
  });

  test("cryptography has no provider, over HTTP and on a stream", async () => {
    const refused = await call(sidecar, "PUT", "/v1.0-alpha1/crypto/vault/encrypt", "x");
    assert.deepEqual([refused.status, refused.json.errorCode], [500, "ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED"]);
    const { crypto } = daprClient(sidecar.of(), "gRPC");
    const isRefused = (error: unknown) => (error as ConnectError).code === Code.Internal && /crypto providers not configured/.test((error as Error).message);
    await assert.rejects(() => crypto.encrypt(Buffer.from("x"), { componentName: "vault", keyName: "k", keyWrapAlgorithm: "RSA" }), isRefused);
    await assert.rejects(() => crypto.decrypt(Buffer.from("x"), { componentName: "vault" }), isRefused);
  });

  test("a component type it does not know stops the start", async () => {
    assert.match(await Sidecar.refusal([{ appId: "x" }], component("db", "state.cassandra")), /component "db": type "state\.cassandra" is not supported/);
  });

  test("a setting it cannot honour stops the start", async () => {
    assert.match(await Sidecar.refusal([{ appId: "x" }], component("db", "state.in-memory", { outboxPublishPubsub: "p" })), /outboxPublishPubsub/);
  });

  test("a body over the limit is refused, and the sidecar stays", async () => {
    const big = await call(sidecar, "POST", "/v1.0/state/memory", [{ key: "big", value: "x".repeat(5 << 20) }]);
    assert.equal(big.status, 413);
    assert.equal((await call(sidecar, "GET", "/v1.0/healthz")).status, 204);
  });
});
