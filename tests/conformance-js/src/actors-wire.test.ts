import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ActorId, ActorProxyBuilder, CommunicationProtocolEnum } from "@dapr/dapr";
import { call, quiet, type Answer } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { RawApp, type Received, type Reply } from "./raw-app.js";
import { eventually } from "./waiting.js";

// The package's host does not hand on the id of a chain of calls, so these actors are hosted without it.
let redis: Redis;
let app: RawApp;
let sidecar: Sidecar;
type Method = (id: string, call: Received, chain: string | undefined) => Reply | Promise<Reply>;
const methods = new Map<string, Method>();

before(async () => {
  redis = await Redis.start();
  app = await RawApp.start();
  app.handle = (received) => {
    const { method, url, headers } = received;
    if (url === "/dapr/config") {
      const plain = { entities: ["Plain"], actorIdleTimeout: "1s", reentrancy: { enabled: false } };
      return { body: { entities: ["Chain", "Plain"], actorIdleTimeout: "1h", reentrancy: { enabled: true, maxStackDepth: 3 }, entitiesConfig: [plain] } };
    }
    const [, , , id, , name] = url.split("/");
    return url.startsWith("/actors/") && method === "PUT" ? (methods.get(name!)?.(id!, received, headers["dapr-reentrancy-id"] as string | undefined) ?? {}) : { status: url.startsWith("/actors/") ? 200 : 404 };
  };
  sidecar = await Sidecar.start([{ appId: "host", appPort: app.port }, { appId: "caller" }], component("actors", "state.redis", { redisHost: redis.host, actorStateStore: "true" }));
  await sidecar.ready("host");
});
after(async () => {
  await sidecar.stop();
  await app.stop();
  await redis.stop();
});

const invoke = (id: string, method: string, chain?: string, type = "Chain"): Promise<Answer> =>
  call(sidecar, "POST", `/v1.0/actors/${type}/${id}/method/${method}`, undefined, { appId: "host", headers: chain === undefined ? {} : { "dapr-reentrancy-id": chain } });
const pass = ({ status, text }: Answer): Reply => ({ status, body: text });

describe("reentrancy", () => {
  test("a chain of calls may come back to the actor that began it", async () => {
    methods.set("ask", async (_, __, chain) => pass(await invoke("other", "relay", chain)));
    methods.set("relay", async (_, __, chain) => pass(await invoke("asker", "answer", chain)));
    methods.set("answer", (id) => ({ body: `"answered by ${id}"` }));
    const port = sidecar.of("caller").http;
    const options = { daprHost: "127.0.0.1", daprPort: port, communicationProtocol: CommunicationProtocolEnum.HTTP, logger: quiet };
    class Chain {}
    const asker = new ActorProxyBuilder<{ ask(): Promise<string> }>(Chain as never, "127.0.0.1", port, CommunicationProtocolEnum.HTTP, options).build(new ActorId("asker"));
    assert.equal(await asker.ask(), "answered by asker");
    const ids = ["/actors/Chain/asker/method/ask", "/actors/Chain/other/method/relay", "/actors/Chain/asker/method/answer"].map((path) => app.at(path)[0]!.headers["dapr-reentrancy-id"]);
    assert.ok(ids[0] !== undefined && ids.every((id) => id === ids[0]));
  });

  test("a call that is not of the chain waits for its turn", async () => {
    let release = (): void => undefined;
    const seen: string[] = [];
    methods.set("hold", async (id, _, chain) => {
      await new Promise<void>((resolve) => (release = resolve));
      seen.push("hold goes on");
      await invoke(id, "inside", chain);
      return {};
    });
    methods.set("inside", () => (seen.push("inside"), {}));
    methods.set("outside", () => (seen.push("outside"), {}));
    const held = invoke("held", "hold");
    await eventually(() => app.at("/actors/Chain/held/method/hold").length === 1, "the first call has the turn");
    const outside = invoke("held", "outside");
    // Another actor's turn, taken and left: the call outside had its time.
    await invoke("free", "answer");
    release();
    await Promise.all([held, outside]);
    assert.deepEqual(seen, ["hold goes on", "inside", "outside"]);
  });

  test("a chain may be only so deep", async () => {
    methods.set("deeper", async (id, _, chain) => pass(await invoke(id, "deeper", chain)));
    const refused = await invoke("deep", "deeper");
    assert.match(refused.text, /ERR_ACTOR_STACK_DEPTH/);
    assert.equal(app.at("/actors/Chain/deep/method/deeper").length, 3);
  });

  test("a type that does not want it gets no id, and is deactivated when it is idle", async () => {
    assert.equal((await invoke("1", "answer", undefined, "Plain")).status, 200);
    assert.equal(app.at("/actors/Plain/1/method/answer")[0]!.headers["dapr-reentrancy-id"], undefined);
    await app.inbox.one(({ method, url }) => method === "DELETE" && url === "/actors/Plain/1");
  });
});

describe("state of an actor", () => {
  const transact = (operations: object[]): Promise<Answer> => call(sidecar, "PUT", "/v1.0/actors/Chain/stateful/state", operations, { appId: "host" });
  const read = (key: string): Promise<Answer> => call(sidecar, "GET", `/v1.0/actors/Chain/stateful/state/${key}`, undefined, { appId: "host" });
  const upsert = (key: string, value: unknown): object => ({ operation: "upsert", request: { key, value } });

  test("is written and deleted at once, or not at all", async () => {
    await invoke("stateful", "answer");
    assert.equal((await transact([upsert("a", { n: 1 }), upsert("b", "two")])).status, 204);
    assert.equal((await transact([upsert("a", { n: 2 }), { operation: "delete", request: { key: "b" } }, upsert("c", [3])])).status, 204);
    assert.deepEqual([(await read("a")).json, (await read("b")).status, (await read("c")).json], [{ n: 2 }, 204, [3]]);
    assert.deepEqual(JSON.parse(await redis.send("HGET", "host||Chain||stateful||a", "data")), { n: 2 });

    const refused = await transact([upsert("a", { n: 3 }), { operation: "merge", request: { key: "c" } }]);
    assert.ok(refused.status >= 400 && refused.json.errorCode, refused.text);
    assert.deepEqual((await read("a")).json, { n: 2 });
  });

  test("has no time to live without the feature", async () => {
    await invoke("stateful", "answer");
    const refused = await transact([{ operation: "upsert", request: { key: "brief", value: 1, metadata: { ttlInSeconds: "60" } } }]);
    assert.deepEqual([refused.status, refused.json.errorCode], [500, "ERR_ACTOR_STATE_TRANSACTION_SAVE"]);
    assert.equal((await read("brief")).status, 204);
  });
});

describe("reminders on the wire", () => {
  const reminder = (name: string, body: object): Promise<Answer> => call(sidecar, "POST", `/v1.0/actors/Chain/reminded/reminders/${name}`, body, { appId: "host" });

  test("one that is taken is replaced unless it says otherwise", async () => {
    assert.equal((await reminder("taken", { dueTime: "1h", data: 1 })).status, 204);
    assert.equal((await reminder("taken", { dueTime: "2h", data: 2 })).status, 204);
    const refused = await reminder("taken", { dueTime: "3h", data: 3, overwrite: false });
    assert.deepEqual([refused.status, refused.json.errorCode], [409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS"]);
    assert.equal((await call(sidecar, "GET", "/v1.0/actors/Chain/reminded/reminders/taken", undefined, { appId: "host" })).json.data, 2);
  });

  test("it comes with its data alone, and the app may end it", async () => {
    methods.set("remind", () => ({ headers: { "x-daprremindercancel": "true" } }));
    await reminder("ended", { dueTime: "10ms", period: "1s", data: { why: "생수병" } });
    const { json } = await app.inbox.one(({ url }) => url === "/actors/Chain/reminded/method/remind/ended");
    assert.deepEqual([json.data, json.dueTime, json.period], [{ why: "생수병" }, "", ""]);
    await eventually(async () => (await call(sidecar, "GET", "/v1.0/actors/Chain/reminded/reminders/ended", undefined, { appId: "host" })).status === 404, "the reminder is gone");
  });
});
