import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { LockStatus } from "@dapr/dapr/types/lock/UnlockResponse.js";
import { call, daprClient, protocols, rawGrpc } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { eventually } from "./waiting.js";

let redis: Redis;
let sidecar: Sidecar;
before(async () => {
  redis = await Redis.start();
  const at = { redisHost: redis.host };
  sidecar = await Sidecar.start(
    [{ appId: "one" }, { appId: "two" }, { appId: "without" }],
    component("locks", "lock.redis", at, "scopes: [one, two]") + component("shared", "lock.redis", { ...at, keyPrefix: "name" }, "scopes: [one, two]") + component("bare", "lock.redis", { ...at, keyPrefix: "none" }, "scopes: [one]"),
  );
});
after(async () => {
  await sidecar.stop();
  await redis.stop();
});

for (const protocol of protocols) {
  describe(`locks over ${protocol}`, () => {
    const one = () => daprClient(sidecar.of("one"), protocol).lock;
    const two = () => daprClient(sidecar.of("two"), protocol).lock;

    test("one holds it until it lets go", async () => {
      const resource = `door-${protocol}`;
      assert.deepEqual(await one().lock("locks", resource, "a", 60), { success: true });
      assert.deepEqual(await one().lock("locks", resource, "b", 60), { success: false });
      assert.deepEqual(await one().lock("locks", resource, "a", 60), { success: false });
      assert.deepEqual(await one().unlock("locks", resource, "b"), { status: LockStatus.LockBelongsToOthers });
      assert.deepEqual(await one().unlock("locks", resource, "a"), { status: LockStatus.Success });
      assert.deepEqual(await one().unlock("locks", resource, "a"), { status: LockStatus.LockDoesNotExist });
    });

    test("it expires", async () => {
      const resource = `brief-${protocol}`;
      assert.equal((await one().lock("locks", resource, "a", 1)).success, true);
      await eventually(async () => (await one().lock("locks", resource, "b", 60)).success, "the lock is free", 5);
    });

    test("apps share a lock only where the component says so", async () => {
      const resource = `shared-${protocol}`;
      assert.equal((await one().lock("locks", resource, "a", 60)).success, true);
      assert.equal((await two().lock("locks", resource, "a", 60)).success, true);
      assert.equal((await one().lock("shared", resource, "a", 60)).success, true);
      assert.equal((await two().lock("shared", resource, "b", 60)).success, false);
      await one().lock("bare", resource, "a", 60);
      assert.deepEqual((await redis.send("KEYS", `*${resource}`)).split("\n").sort(), ["lock||", "lock||one||", "lock||shared||", "lock||two||"].map((prefix) => prefix + resource).sort());
    });
  });
}

describe("locks on the wire", () => {
  test("both members are always there, the status a number", async () => {
    assert.deepEqual((await call(sidecar, "POST", "/v1.0-alpha1/lock/locks", { resourceId: "w", lockOwner: "a", expiryInSeconds: 60 })).json, { success: true });
    assert.deepEqual((await call(sidecar, "POST", "/v1.0-alpha1/lock/locks", { resource_id: "w", lock_owner: "a", expiry_in_seconds: 60 })).json, { success: false });
    assert.deepEqual((await call(sidecar, "POST", "/v1.0-alpha1/unlock/locks", { resourceId: "w", lockOwner: "a" })).json, { status: 0 });
  });

  test("what is missing or unknown is refused", async () => {
    const cases = [
      ["lock/locks", { resourceId: "r", lockOwner: "o" }, 400, "ERR_MALFORMED_REQUEST", "ExpiryInSeconds is not positive in lock store locks"],
      ["lock/locks", { lockOwner: "o", expiryInSeconds: 1 }, 400, "ERR_MALFORMED_REQUEST", "ResourceId is empty in lock store locks"],
      ["unlock/locks", { resourceId: "r" }, 400, "ERR_MALFORMED_REQUEST", "LockOwner is empty in lock store locks"],
      ["lock/nowhere", { resourceId: "r", lockOwner: "o", expiryInSeconds: 1 }, 400, "ERR_LOCK_STORE_NOT_FOUND", "lock store nowhere not found"],
      ["lock/locks", { resourceId: "a||b", lockOwner: "o", expiryInSeconds: 1 }, 500, "ERR_TRY_LOCK", "failed to try acquiring lock: input key/keyPrefix 'a||b' can't contain '||'"],
    ] as const;
    for (const [path, body, status, errorCode, message] of cases) {
      const refused = await call(sidecar, "POST", `/v1.0-alpha1/${path}`, body);
      assert.deepEqual([refused.status, refused.json.errorCode, refused.json.message], [status, errorCode, message]);
    }
    assert.equal((await call(sidecar, "POST", "/v1.0-alpha1/lock/locks", "{", { appId: "one" })).json.errorCode, "ERR_MALFORMED_REQUEST");
    const none = await call(sidecar, "POST", "/v1.0-alpha1/unlock/locks", { resourceId: "r", lockOwner: "o" }, { appId: "without" });
    assert.deepEqual([none.status, none.json.errorCode], [500, "ERR_LOCK_STORE_NOT_CONFIGURED"]);
    await assert.rejects(
      () => rawGrpc(sidecar.of("one")).tryLockAlpha1({ storeName: "nowhere", resourceId: "r", lockOwner: "o", expiryInSeconds: 1 }),
      (error) => (error as ConnectError).code === Code.InvalidArgument,
    );
  });
});
