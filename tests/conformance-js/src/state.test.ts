import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { StateConcurrencyEnum, StateConsistencyEnum } from "@dapr/dapr";
import { call, daprClient, protocols, refusal, type Protocol } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { eventually } from "./waiting.js";

let redis: Redis;
let sidecar: Sidecar;
before(async () => {
  redis = await Redis.start();
  const at = { redisHost: redis.host };
  sidecar = await Sidecar.start(
    [{ appId: "one" }, { appId: "two" }],
    component("memory", "state.in-memory") +
      component("redis", "state.redis", at) +
      component("named", "state.redis", { ...at, keyPrefix: "name" }) +
      component("bare", "state.redis", { ...at, keyPrefix: "none" }) +
      component("custom", "state.redis", { ...at, keyPrefix: "Shop" }) +
      component("spaced", "state.redis", { ...at, keyPrefix: "namespace" }),
  );
});
after(async () => {
  await sidecar.stop();
  await redis.stop();
});

const etagOf = async (store: string, key: string): Promise<string> => (await call(sidecar, "GET", `/v1.0/state/${store}/${key}`)).headers.get("etag")!;

/** A refused write: the HTTP client returns it, the gRPC client throws it. */
async function refused(protocol: Protocol, write: () => Promise<unknown>, status: number, code: Code): Promise<void> {
  if (protocol === "HTTP") {
    const { error } = (await write()) as { error?: Error };
    assert.ok(error, "the write was refused");
    assert.equal(refusal(error).status, status);
  } else {
    await assert.rejects(write, (error) => error instanceof ConnectError && error.code === code);
  }
}

for (const protocol of protocols) {
  for (const store of ["memory", "redis"]) {
    describe(`state over ${protocol} on ${store}`, () => {
      const key = (name: string): string => `${protocol}-${name}`;
      const client = () => daprClient(sidecar.of(), protocol);

      test("values of every kind come back, and are gone when deleted", async () => {
        const { state } = client();
        await state.save(store, [
          { key: key("object"), value: { a: [1, 2.5, null], b: "생수병" } },
          { key: key("text"), value: "hello" },
          { key: key("number"), value: 7 },
        ]);
        assert.deepEqual(await state.get(store, key("object")), { a: [1, 2.5, null], b: "생수병" });
        assert.equal(await state.get(store, key("text")), "hello");
        assert.equal(await state.get(store, key("number")), 7);
        await state.delete(store, key("object"));
        assert.equal(await state.get(store, key("object")), "");
      });

      test("consistency is accepted in every form", async () => {
        const { state } = client();
        for (const consistency of [StateConsistencyEnum.CONSISTENCY_EVENTUAL, StateConsistencyEnum.CONSISTENCY_STRONG]) {
          const options = { consistency, concurrency: StateConcurrencyEnum.CONCURRENCY_LAST_WRITE };
          await state.save(store, [{ key: key("consistent"), value: "x", options }]);
          assert.equal(await state.get(store, key("consistent"), { consistency }), "x");
        }
      });

      test("bulk get keeps the order and names absent keys", async () => {
        const { state } = client();
        await state.save(store, [{ key: key("b1"), value: { n: 1 } }, { key: key("b2"), value: { n: 2 } }]);
        const found = await state.getBulk(store, [key("b2"), key("gone"), key("b1")], { parallelism: 2 });
        assert.deepEqual(found.map((item) => item["key"]), [key("b2"), key("gone"), key("b1")]);
        assert.deepEqual(found[0]!["data"], { n: 2 });
        assert.ok(!found[1]!["data"]);
        assert.ok(found[2]!["etag"]);
      });

      test("an old etag neither writes nor deletes", async () => {
        const { state } = client();
        await state.save(store, [{ key: key("etag"), value: "first" }]);
        const old = await etagOf(store, key("etag"));
        await state.save(store, [{ key: key("etag"), value: "second", etag: old }]);
        await refused(protocol, () => state.save(store, [{ key: key("etag"), value: "third", etag: old }]), 409, Code.Aborted);
        await refused(protocol, () => state.delete(store, key("etag"), { etag: old }), 409, Code.Aborted);
        assert.equal(await state.get(store, key("etag")), "second");
        await state.delete(store, key("etag"), { etag: await etagOf(store, key("etag")) });
        assert.equal(await state.get(store, key("etag")), "");
      });

      test("without an etag the last write wins", async () => {
        const { state } = client();
        for (const value of ["first", "last"]) {
          await state.save(store, [{ key: key("last"), value, options: { concurrency: StateConcurrencyEnum.CONCURRENCY_LAST_WRITE } as never }]);
        }
        assert.equal(await state.get(store, key("last")), "last");
        await state.delete(store, key("last"));
        assert.equal(await state.get(store, key("last")), "");
      });

      test("first-write takes a key once", async () => {
        const { state } = client();
        const options = { concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE, consistency: StateConsistencyEnum.CONSISTENCY_STRONG };
        await state.save(store, [{ key: key("first"), value: "mine", options: { ...options } }]);
        const [status, code] = store === "redis" ? [500, Code.Internal] : [409, Code.Aborted];
        await refused(protocol, () => state.save(store, [{ key: key("first"), value: "yours", options: { ...options } }]), status, code);
        assert.equal(await state.get(store, key("first")), "mine");
      });

      test("a transaction writes and deletes at once, and a wrong etag in it is an internal error", async () => {
        const { state } = client();
        await state.save(store, [{ key: key("t1"), value: "old" }, { key: key("t2"), value: "old" }]);
        await state.transaction(store, [
          { operation: "upsert", request: { key: key("t1"), value: "new" } },
          { operation: "delete", request: { key: key("t2") } },
        ]);
        assert.equal(await state.get(store, key("t1")), "new");
        assert.equal(await state.get(store, key("t2")), "");
        const stale = [{ operation: "upsert", request: { key: key("t1"), value: "newer", etag: "4711" as never } }];
        await assert.rejects(
          () => state.transaction(store, stale),
          (error) => (protocol === "HTTP" ? refusal(error).status === 500 && refusal(error).errorCode === "ERR_STATE_TRANSACTION" : (error as ConnectError).code === Code.Internal),
        );
      });

      test("a value with a time to live goes away", async () => {
        const { state } = client();
        await state.save(store, [{ key: key("ttl"), value: "brief", metadata: { ttlInSeconds: "1" } }]);
        assert.equal(await state.get(store, key("ttl")), "brief");
        await eventually(async () => (await state.get(store, key("ttl"))) === "", "the value expires", 5);
      });

      test("an unknown store is refused by name", async () => {
        const { state } = client();
        await assert.rejects(
          () => state.get("nowhere", "k"),
          (error) => {
            if (protocol === "gRPC") {
              return (error as ConnectError).code === Code.InvalidArgument && (error as ConnectError).message.includes("state store nowhere is not found");
            }
            const { status, errorCode, message } = refusal(error);
            return status === 400 && errorCode === "ERR_STATE_STORE_NOT_FOUND" && message === "state store nowhere is not found";
          },
        );
      });

      test("a query is refused", async () => {
        const { state } = client();
        await assert.rejects(() => state.query(store, { filter: {}, sort: [], page: { limit: 1 } }), store === "redis" ? /redis-json server support is required for query capability/ : /support querying/);
      });
    });
  }
}

describe("state on the wire", () => {
  test("etag and expiry are headers; absent is 204", async () => {
    await call(sidecar, "POST", "/v1.0/state/memory", [{ key: "h", value: 1, metadata: { ttlInSeconds: "60" } }]);
    const found = await call(sidecar, "GET", "/v1.0/state/memory/h");
    assert.equal(found.status, 200);
    assert.equal(found.headers.get("content-type"), "application/json");
    assert.match(found.headers.get("metadata.ttlexpiretime")!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal((await call(sidecar, "GET", "/v1.0/state/memory/absent")).status, 204);
  });

  test("keys carry the prefix that the component says", async () => {
    const { state } = daprClient(sidecar.of("one"), "HTTP");
    for (const store of ["redis", "named", "bare", "custom", "spaced"]) {
      await state.save(store, [{ key: `at-${store}`, value: 1 }]);
    }
    const keys = (await redis.send("KEYS", "*at-*")).split("\n").sort();
    assert.deepEqual(keys, ["at-bare", "named||at-named", "one||at-redis", "one||at-spaced", "shop||at-custom"]);
    const other = daprClient(sidecar.of("two"), "HTTP").state;
    assert.equal(await other.get("named", "at-named"), 1);
    assert.equal(await other.get("redis", "at-redis"), "");
  });

  test("a key with the separator, a body that is no JSON and an unknown operation are 400", async () => {
    const separator = await call(sidecar, "POST", "/v1.0/state/memory", [{ key: "a||b", value: 1 }]);
    assert.equal(separator.status, 400);
    assert.equal((await call(sidecar, "POST", "/v1.0/state/memory", "[{")).json.errorCode, "ERR_MALFORMED_REQUEST");
    const operation = await call(sidecar, "POST", "/v1.0/state/memory/transaction", { operations: [{ operation: "merge", request: { key: "k" } }] });
    assert.deepEqual([operation.status, operation.json.errorCode], [400, "ERR_NOT_SUPPORTED_STATE_OPERATION"]);
  });
});
