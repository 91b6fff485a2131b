import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, test } from "node:test";
import { modelFolder } from "../src/vision/classifier.js";
import { App, Key } from "./app.js";
import { noise } from "./pictures.js";

describe("Running beside a sidecar", () => {
  test("without one the app is healthy and answers 503 with Retry-After", async (t) => {
    const app = await App.start({ withSidecar: false });
    t.after(() => app.stop());

    const health = await app.call("GET", "/healthz");
    const answer = await app.normalize(await noise(20, 20).png().toBuffer());

    assert.equal(health.status, 200);
    assert.deepEqual([answer.status, answer.body["code"], answer.headers.get("retry-after")], [503, "UNAVAILABLE", "2"]);
  });

  test("when it goes away the answer is 503, when the store fails too", async (t) => {
    const app = await App.start({ byEndpoint: true });
    t.after(() => app.stop());
    app.sidecar.fault = "bucket is on fire";
    const broken = await app.classify(Key);
    app.sidecar.fault = undefined;
    app.sidecar.stop();

    const away = await app.classify(Key);

    assert.deepEqual([broken.status, broken.body["type"]], [503, "urn:eco2:media:unavailable"]);
    assert.doesNotMatch(JSON.stringify(broken.body), /fire/);
    assert.deepEqual([away.status, away.headers.get("retry-after")], [503, "2"]);
  });

  test("no more than eighteen pictures are held at once, the next is told to come later", async (t) => {
    const app = await App.start();
    t.after(() => app.stop());
    const photo = await noise(20, 20).png().toBuffer();
    let open = (): void => undefined;
    app.sidecar.gate = new Promise((resolve) => (open = resolve));

    const calls = Array.from({ length: 30 }, (_, i) => app.normalize(photo, `scan/u/${i}`));
    await app.said("Refused for now", 12);
    open();
    const answers = await Promise.all(calls);

    assert.equal(answers.filter((a) => a.status === 200).length, 18);
    assert.equal(answers.filter((a) => a.status === 503 && a.body["code"] === "OVERLOADED" && a.headers.get("retry-after") === "2").length, 12);
  });

  test("told to stop, it finishes what it has begun and ends with code 0", async (t) => {
    const app = await App.start();
    t.after(() => app.stop());
    let open = (): void => undefined;
    app.sidecar.gate = new Promise((resolve) => (open = resolve));
    const begun = new Promise<void>((resolve) => (app.sidecar.onCall = resolve));
    const call = app.normalize(await noise(20, 20).png().toBuffer());
    await begun;

    const ended = new Promise<number | null>((resolve) => app.process.once("exit", resolve));
    app.process.kill("SIGTERM");
    await app.said("Stopping");
    open();

    assert.equal((await call).status, 200);
    assert.equal(await ended, 0);
  });

  test("without its port it says which setting is missing", () => {
    const { status, stderr } = spawnSync(process.execPath, ["dist/main.js"], { cwd: path.dirname(modelFolder()), env: {}, encoding: "utf8" });

    assert.equal(status, 2);
    assert.equal(stderr, "media: the environment variable APP_PORT is missing.\n");
  });

  test("told to listen beyond this machine without a token, it refuses to start", () => {
    const env = { APP_PORT: "0", APP_HOST: "0.0.0.0", DAPR_GRPC_ENDPOINT: "http://sidecar:50110" };
    const { status, stderr } = spawnSync(process.execPath, ["dist/main.js"], { cwd: path.dirname(modelFolder()), env, encoding: "utf8", timeout: 20_000 });

    assert.equal(status, 2);
    assert.match(stderr, /set APP_API_TOKEN/);
  });
});
