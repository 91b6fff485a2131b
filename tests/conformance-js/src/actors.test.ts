import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AbstractActor, ActorId, ActorProxyBuilder, CommunicationProtocolEnum, DaprServer, HttpMethod, Temporal } from "@dapr/dapr";
import { call, quiet, rawGrpc } from "./clients.js";
import { component, freePort, Redis, Sidecar } from "./processes.js";
import { eventually, Inbox } from "./waiting.js";

const events = new Inbox<string>();
const seconds = (n: number): Temporal.Duration => Temporal.Duration.from({ milliseconds: n * 1000 });

/** What callers see of it: the package's proxy sends every call to the sidecar. */
interface Counting {
  add(n: number): Promise<number>;
  get(): Promise<number | null>;
  clear(): Promise<void>;
  slow(mark: string): Promise<void>;
  fail(): Promise<void>;
  remind(name: string, due: number, period?: number): Promise<void>;
  forget(name: string): Promise<void>;
  time(name: string, due: number, period?: number): Promise<void>;
  untime(name: string): Promise<void>;
}

class Counter extends AbstractActor implements Counting {
  private running = 0;

  async add(n: number): Promise<number> {
    const [, now] = await this.getStateManager<number>().tryGetState("count");
    await this.getStateManager<number>().setState("count", (now ?? 0) + n);
    return (now ?? 0) + n;
  }

  async get(): Promise<number | null> {
    return (await this.getStateManager<number>().tryGetState("count"))[1];
  }

  async clear(): Promise<void> {
    await this.getStateManager<number>().tryRemoveState("count");
  }

  async slow(mark: string): Promise<void> {
    this.running += 1;
    events.add(`${mark} ${this.running}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    this.running -= 1;
  }

  fail(): Promise<void> {
    return Promise.reject(new Error("no such luck"));
  }

  remind(name: string, due: number, period?: number): Promise<void> {
    return this.registerActorReminder(name, seconds(due), period === undefined ? undefined : seconds(period), undefined, name);
  }

  forget(name: string): Promise<void> {
    return this.unregisterActorReminder(name);
  }

  time(name: string, due: number, period?: number): Promise<void> {
    return this.registerActorTimer(name, "timed", seconds(due), period === undefined ? undefined : seconds(period), undefined, name);
  }

  untime(name: string): Promise<void> {
    return this.unregisterActorTimer(name);
  }

  timed(data: string): Promise<void> {
    events.add(`timer ${this.getActorId().getId()} ${data}`);
    return Promise.resolve();
  }

  override receiveReminder(data: string): Promise<void> {
    events.add(`reminder ${this.getActorId().getId()} ${JSON.stringify(data)}`);
    return Promise.resolve();
  }

  override onActivate(): Promise<void> {
    events.add(`activated ${this.getActorId().getId()}`);
    return Promise.resolve();
  }

  override onDeactivate(): Promise<void> {
    events.add(`deactivated ${this.getActorId().getId()}`);
    return Promise.resolve();
  }
}

let redis: Redis;
let sidecar: Sidecar;
let server: DaprServer;
const times = (event: string): number => events.items.filter((one) => one === event).length;
const actor = (id: string, protocol = CommunicationProtocolEnum.HTTP): Counting => {
  const port = protocol === CommunicationProtocolEnum.HTTP ? sidecar.of("caller").http : sidecar.of("caller").grpc;
  return new ActorProxyBuilder<Counting>(Counter as never, "127.0.0.1", port, protocol, { daprHost: "127.0.0.1", daprPort: port, communicationProtocol: protocol, logger: quiet }).build(new ActorId(id));
};

before(async () => {
  redis = await Redis.start();
  const port = await freePort();
  sidecar = await Sidecar.start([{ appId: "host", appPort: port }, { appId: "caller" }], component("actors", "state.redis", { redisHost: redis.host, actorStateStore: "true" }));
  server = new DaprServer({
    serverHost: "127.0.0.1",
    serverPort: String(port),
    clientOptions: { daprHost: "127.0.0.1", daprPort: sidecar.of("host").http, logger: quiet, actor: { actorIdleTimeout: "4s" } },
    logger: quiet,
  });
  await server.actor.registerActor(Counter);
  await server.actor.init();
  await server.start();
  await sidecar.ready("host");
});
after(async () => {
  await server.stop();
  await sidecar.stop();
  await redis.stop();
});

describe("actors of the package", () => {
  test("a method changes state, and state is where Dapr keeps it", async () => {
    await actor("state").add(2);
    await actor("state").add(3);
    assert.equal(await actor("state").get(), 5);
    assert.equal(times("activated state"), 1);
    assert.equal(await redis.send("HGET", "host||Counter||state||count", "data"), "5");
    await actor("state").clear();
    assert.equal(await redis.send("EXISTS", "host||Counter||state||count"), "0");
  });

  test("a method is called over gRPC too", async () => {
    await actor("grpc").add(4);
    assert.equal(await actor("grpc", CommunicationProtocolEnum.GRPC).get(), 4);
    // Nobody can name a media type over gRPC, so the package's server reads no arguments: the method gets what its bytes are.
    const call = { actorType: "Counter", actorId: "grpc", method: "add", data: Buffer.from("[6]"), metadata: { "Content-Type": "application/json" } };
    assert.equal(Buffer.from((await rawGrpc(sidecar.of("caller")).invokeActor(call)).data).toString(), "4[object Object]");
  });

  test("one turn at a time, actors side by side", async () => {
    await Promise.all(Array.from({ length: 5 }, () => actor("turns").slow("turn")));
    assert.equal(times("turn 1"), 5);
    assert.ok(!events.items.some((event) => /^turn [2-9]/.test(event)));
  });

  test("a failed method is an error", async () => {
    await assert.rejects(() => actor("failing").fail(), /ERR_ACTOR_INVOKE_METHOD/);
    const unknown = await call(sidecar, "POST", "/v1.0/actors/Nobody/1/method/m", "", { appId: "caller" });
    assert.ok(unknown.status === 404 || unknown.status === 500, unknown.text);
    assert.ok(unknown.json.errorCode);
  });

  test("a timer calls back, again and again, until it is ended", async () => {
    await actor("timed").time("once", 0.1);
    await actor("timed").time("often", 0.1, 0.2);
    await eventually(() => times("timer timed often") >= 3, "the timer fires again");
    await actor("timed").untime("often");
    const seen = times("timer timed often");
    await actor("timed").time("marker", 0.7);
    await eventually(() => times("timer timed marker") === 1, "the later timer fires");
    assert.ok(times("timer timed often") <= seen + 1);
    assert.equal(times("timer timed once"), 1);
  });

  test("a reminder brings its data, can be read and be ended", async () => {
    await actor("reminded").remind("often", 0.1, 1);
    await eventually(() => events.items.filter((event) => event.startsWith("reminder reminded")).length >= 2, "the reminder fires again");
    assert.match(events.items.find((event) => event.startsWith("reminder reminded"))!, /often/);
    const read = await call(sidecar, "GET", "/v1.0/actors/Counter/reminded/reminders/often", undefined, { appId: "host" });
    assert.deepEqual([read.status, read.json.actorType, read.json.actorID, read.json.data], [200, "Counter", "reminded", "often"]);
    await actor("reminded").forget("often");
    assert.equal((await call(sidecar, "GET", "/v1.0/actors/Counter/reminded/reminders/often", undefined, { appId: "host" })).status, 404);
  });

  test("an idle actor is deactivated, and its state stays", async () => {
    await actor("idle").add(1);
    await eventually(() => times("deactivated idle") === 1, "it is deactivated", 20);
    assert.equal(await actor("idle").add(1), 2);
    assert.equal(times("activated idle"), 2);
  });

  test("metadata counts them", async () => {
    await actor("counted").get();
    const { json } = await call(sidecar, "GET", "/v1.0/metadata", undefined, { appId: "host" });
    assert.equal(json.actorRuntime.runtimeStatus, "RUNNING");
    assert.ok(json.actorRuntime.activeActors.find((one: { type: string; count: number }) => one.type === "Counter").count >= 1);
  });

  test("state of an actor that is not active here is refused", async () => {
    const refused = await call(sidecar, "POST", "/v1.0/actors/Counter/not-active/state", [{ operation: "upsert", request: { key: "k", value: 1 } }], { appId: "host" });
    assert.deepEqual([refused.status, refused.json.errorCode], [400, "ERR_ACTOR_INSTANCE_MISSING"]);
  });

  test("a reminder and state outlive the sidecar", async () => {
    await actor("survivor").add(7);
    await actor("survivor").remind("later", 6);
    await sidecar.restart();
    await sidecar.ready("host");
    assert.ok(!events.items.some((event) => event.startsWith("reminder survivor")));
    await eventually(() => events.items.some((event) => event.startsWith("reminder survivor")), "the reminder fires after the restart", 30);
    const body = await server.client.invoker.invoke("host", "healthz", HttpMethod.GET);
    assert.equal(String(body), "ok");
    assert.equal(await actor("survivor").get(), 7);
  });
});
