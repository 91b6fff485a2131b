import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { call, daprClient, rawGrpc } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { RawApp } from "./raw-app.js";
import { eventually, Inbox } from "./waiting.js";

interface Item {
  readonly value: string;
  readonly version: string;
}

let redis: Redis;
let app: RawApp;
let sidecar: Sidecar;
before(async () => {
  redis = await Redis.start();
  app = await RawApp.start();
  app.handle = ({ url }) => ({ status: url.startsWith("/configuration/") ? 200 : 404 });
  sidecar = await Sidecar.start([{ appId: "app", appPort: app.port }, { appId: "without" }, { appId: "portless" }], component("settings", "configuration.redis", { redisHost: redis.host }, "scopes: [app, portless]"));
  await sidecar.ready();
  await redis.send("MSET", "colour", "green||v1", "size", "7", "empty", "");
  await redis.send("LPUSH", "list", "not a string");
});
after(async () => {
  await sidecar.stop();
  await app.stop();
  await redis.stop();
});

describe("configuration by the package, which has it over gRPC only", () => {
  const configuration = () => daprClient(sidecar.of(), "gRPC").configuration;

  test("items by key, and all of them", async () => {
    const { items } = await configuration().get("settings", ["colour", "size", "absent", "list"]);
    assert.deepEqual(items, {
      colour: { key: "colour", value: "green", version: "v1", metadata: {} },
      size: { key: "size", value: "7", version: "", metadata: {} },
    });
    assert.deepEqual(Object.keys((await configuration().get("settings")).items).sort(), ["colour", "size"]);
  });

  test("a change of a key comes, until the stream is stopped", async () => {
    const changes = new Inbox<Record<string, Item>>();
    const all = new Inbox<Record<string, Item>>();
    const stream = await configuration().subscribeWithKeys("settings", ["watched"], ({ items }) => Promise.resolve(changes.add(items as never)));
    const other = await configuration().subscribe("settings", ({ items }) => Promise.resolve(all.add(items as never)));
    await eventually(async () => (await redis.send("PUBSUB", "NUMSUB", "__keyspace@0__:watched")).endsWith("1"), "somebody listens to the key");
    await eventually(async () => (await redis.send("PUBSUB", "NUMPAT")) === "1", "somebody listens to all");
    await redis.send("SET", "watched", "first||1");
    await redis.send("SET", "unwatched", "x");
    await redis.send("SET", "watched", "second||2");
    await redis.send("DEL", "watched");
    const seen = (await changes.count(3)).map((items) => [items["watched"]!.value, items["watched"]!.version]);
    assert.deepEqual(seen.at(-1), ["", ""]);
    assert.ok(changes.items.every((items) => Object.keys(items).join() === "watched"));
    await all.one((items) => items["unwatched"]?.value === "x");
    await stream.stop();
    await other.stop();
    await eventually(async () => (await redis.send("PUBSUB", "NUMSUB", "__keyspace@0__:watched")).endsWith("0"), "nobody listens any more");
  });

  test("the first message of a stream is its id, and the id ends it", async () => {
    const raw = rawGrpc(sidecar.of());
    const stream = raw.subscribeConfiguration({ storeName: "settings", keys: ["k"] })[Symbol.asyncIterator]();
    const first = (await stream.next()).value;
    assert.ok(first.id);
    assert.deepEqual(first.items, {});
    assert.equal((await raw.unsubscribeConfiguration({ storeName: "settings", id: first.id })).ok, true);
    assert.equal((await stream.next()).done, true);
    assert.equal((await raw.unsubscribeConfiguration({ storeName: "settings", id: first.id })).ok, false);
  });

  test("an unknown store is refused", async () => {
    await assert.rejects(
      () => configuration().get("nowhere", ["k"]),
      (error) => (error as ConnectError).code === Code.InvalidArgument && (error as ConnectError).rawMessage === "configuration store nowhere not found",
    );
  });
});

describe("configuration over HTTP", () => {
  test("items, with what is empty left out", async () => {
    for (const version of ["v1.0", "v1.0-alpha1"]) {
      assert.deepEqual((await call(sidecar, "GET", `/${version}/configuration/settings?key=colour&key=size`)).json, { colour: { value: "green", version: "v1" }, size: { value: "7" } });
    }
    assert.equal((await call(sidecar, "GET", "/v1.0/configuration/settings?key=absent")).status, 204);
  });

  test("a change is posted to the app until it unsubscribes", async () => {
    const { json } = await call(sidecar, "GET", "/v1.0/configuration/settings/subscribe?key=posted");
    await redis.send("SET", "posted", "new||3");
    const { method, json: body } = await app.inbox.one(({ url }) => url === "/configuration/settings/posted");
    assert.equal(method, "POST");
    assert.deepEqual(body, { id: json.id, items: { posted: { value: "new", version: "3" } } });
    assert.deepEqual((await call(sidecar, "GET", `/v1.0/configuration/settings/${json.id}/unsubscribe`)).json, { ok: true });
    const again = await call(sidecar, "GET", `/v1.0/configuration/settings/${json.id}/unsubscribe`);
    assert.deepEqual([again.status, again.json.message.includes(json.id)], [500, true]);
  });

  test("refusals", async () => {
    const unknown = await call(sidecar, "GET", "/v1.0/configuration/nowhere?key=k");
    assert.deepEqual([unknown.status, unknown.json.errorCode], [400, "ERR_CONFIGURATION_STORE_NOT_FOUND"]);
    const none = await call(sidecar, "GET", "/v1.0/configuration/settings?key=k", undefined, { appId: "without" });
    assert.deepEqual([none.status, none.json.errorCode], [500, "ERR_CONFIGURATION_STORE_NOT_CONFIGURED"]);
    assert.equal((await call(sidecar, "GET", "/v1.0/configuration/settings/subscribe?key=k", undefined, { appId: "portless" })).status, 500);
  });
});
