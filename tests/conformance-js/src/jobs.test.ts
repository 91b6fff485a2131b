import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { call, rawGrpc } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { RawApp } from "./raw-app.js";
import { eventually } from "./waiting.js";

// The package has no client for jobs: these are the messages it brings, and the HTTP API.
let redis: Redis;
let app: RawApp;
let sidecar: Sidecar;
const failing = new Set<string>();
before(async () => {
  redis = await Redis.start();
  app = await RawApp.start();
  app.handle = ({ url }) => ({ status: !url.startsWith("/job/") ? 404 : failing.has(url) ? 500 : 200 });
  sidecar = await Sidecar.start([{ appId: "worker", appPort: app.port, appToken: "token" }], component("store", "state.redis", { redisHost: redis.host, actorStateStore: "true" }));
  await sidecar.ready();
});
after(async () => {
  await sidecar.stop();
  await app.stop();
  await redis.stop();
});

const schedule = (name: string, job: object) => call(sidecar, "POST", `/v1.0/jobs/${name}`, job);

describe("jobs", () => {
  test("a due time brings the data once, with the token", async () => {
    assert.equal((await schedule("once", { dueTime: "100ms", data: { a: [1, "b"] } })).status, 204);
    const { method, headers, json } = await app.inbox.one(({ url }) => url === "/job/once");
    assert.equal(method, "POST");
    assert.deepEqual(json, { a: [1, "b"] });
    assert.equal(headers["dapr-api-token"], "token");
    assert.match(headers["content-type"]!, /^application\/json/);
    await eventually(async () => (await call(sidecar, "GET", "/v1.0/jobs/once")).status === 500, "the job is gone");
    assert.equal(app.at("/job/once").length, 1);
  });

  test("a schedule repeats as often as it says", async () => {
    await schedule("thrice", { schedule: "@every 200ms", repeats: 3, data: "x" });
    await eventually(async () => (await call(sidecar, "GET", "/v1.0/jobs/thrice")).status === 500, "the job is done");
    assert.equal(app.at("/job/thrice").length, 3);
  });

  test("six fields have seconds first", async () => {
    await schedule("cron", { schedule: "* * * * * *", repeats: 1 });
    await app.inbox.one(({ url }) => url === "/job/cron");
  });

  test("a job is told as it was given, and deleted", async () => {
    await schedule("kept", { schedule: "@daily", repeats: 5, data: { k: 1 } });
    const { json } = await call(sidecar, "GET", "/v1.0/jobs/kept");
    assert.deepEqual([json.name, json.schedule, json.repeats, json.data["@type"], json.data.value], ["kept", "@daily", 5, "type.googleapis.com/google.protobuf.Value", { k: 1 }]);
    assert.equal((await call(sidecar, "DELETE", "/v1.0/jobs/kept")).status, 204);
    assert.equal((await call(sidecar, "GET", "/v1.0/jobs/kept")).status, 500);
  });

  test("a failed delivery is tried again as the policy says", async () => {
    failing.add("/job/failing");
    await schedule("failing", { dueTime: "10ms", failurePolicy: { constant: { interval: "0.05s", maxRetries: 2 } } });
    failing.add("/job/dropped");
    await schedule("dropped", { dueTime: "10ms", failurePolicy: { drop: {} } });
    for (const name of ["failing", "dropped"]) {
      await eventually(async () => (await call(sidecar, "GET", `/v1.0/jobs/${name}`)).status === 500, "the job is given up");
    }
    assert.deepEqual([app.at("/job/failing").length, app.at("/job/dropped").length], [3, 1]);
  });

  test("over gRPC a name is taken once unless it may be overwritten", async () => {
    const raw = rawGrpc(sidecar.of());
    const job = { name: "by-grpc", dueTime: "1h", data: create(AnySchema, { typeUrl: "dapr.io/schedule/jobpayload", value: Buffer.from('{"raw":true}') }) };
    await raw.scheduleJobAlpha1({ job });
    await assert.rejects(
      () => raw.scheduleJobAlpha1({ job }),
      (error) => (error as ConnectError).code === Code.AlreadyExists,
    );
    await raw.scheduleJobAlpha1({ job: { ...job, dueTime: "10ms" }, overwrite: true });
    assert.deepEqual((await app.inbox.one(({ url }) => url === "/job/by-grpc")).json, { raw: true });
    await assert.rejects(() => raw.getJobAlpha1({ name: "nobody" }), (error) => (error as ConnectError).code === Code.Internal);
  });

  test("what cannot be a job is refused", async () => {
    assert.equal((await schedule("bad", {})).status, 400);
    assert.equal((await schedule("bad", { schedule: "now and then" })).json.errorCode, "DAPR_SCHEDULER_SCHEDULE_JOB");
    assert.equal((await schedule("bad", { name: "other", dueTime: "1s" })).status, 400);
  });

  test("a job outlives the sidecar", async () => {
    await schedule("survivor", { dueTime: "4s", data: "still here" });
    await sidecar.restart();
    assert.equal((await app.inbox.one(({ url }) => url === "/job/survivor")).json, "still here");
  });
});
