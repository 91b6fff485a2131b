import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import type { DaprServer } from "@dapr/dapr";
import { call, daprClient, daprServer, protocols, refusal } from "./clients.js";
import { component, freePort, Sidecar } from "./processes.js";
import { RawApp } from "./raw-app.js";
import { Inbox } from "./waiting.js";

let folder: string;
let target: RawApp;
let sidecar: Sidecar;
let server: DaprServer;
let raw: RawApp;
const ticks = new Inbox<unknown>();

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "eco2-js-objects-"));
  target = await RawApp.start();
  target.handle = ({ url }) => (url === "/no" ? { status: 503, body: "closed" } : { headers: { "x-answer": "a" }, body: { ok: true } });
  raw = await RawApp.start();
  raw.handle = ({ method, url }) => ({ status: method === "OPTIONS" && url === "/unwanted" ? 404 : 200 });
  const port = await freePort();
  const cron = { schedule: "@every 1s" };
  sidecar = await Sidecar.start(
    [{ appId: "app", appPort: port }, { appId: "raw", appPort: raw.port }],
    component("objects", "bindings.localstorage", { rootPath: folder }) +
      component("web", "bindings.http", { url: `http://127.0.0.1:${target.port}` }) +
      component("tick", "bindings.cron", { ...cron, direction: "input" }) +
      component("asked", "bindings.cron", { ...cron, route: "/my/route" }, "scopes: [raw]") +
      component("unwanted", "bindings.cron", cron, "scopes: [raw]"),
  );
  server = daprServer(sidecar.of("app"), port);
  await server.binding.receive("tick", (data: unknown) => Promise.resolve(ticks.add(data)));
  await server.start();
  await sidecar.ready("app");
  await sidecar.ready("raw");
});
after(async () => {
  await server.stop();
  await sidecar.stop();
  await target.stop();
  await raw.stop();
  rmSync(folder, { recursive: true });
});

for (const protocol of protocols) {
  describe(`bindings over ${protocol}`, () => {
    const send = (name: string, operation: string, data: unknown, metadata: object): Promise<object> => daprClient(sidecar.of("app"), protocol).binding.send(name, operation, data, metadata);
    const content = (answer: object): string => (protocol === "HTTP" ? String(answer) : Buffer.from((answer as { data: Uint8Array }).data).toString());

    test("an object is stored, read, listed and deleted", async () => {
      const fileName = `${protocol}.txt`;
      await send("objects", "create", "hello, world", { fileName });
      assert.equal(content(await send("objects", "get", "", { fileName })), "hello, world");
      const listed = await send("objects", "list", "", {});
      const names = (protocol === "HTTP" ? listed : JSON.parse(content(listed))) as string[];
      assert.ok(names.some((name) => name.endsWith(fileName)));
      await send("objects", "delete", "", { fileName });
      await assert.rejects(
        () => send("objects", "get", "", { fileName }),
        (error) =>
          protocol === "HTTP"
            ? refusal(error).errorCode === "ERR_INVOKE_OUTPUT_BINDING" && refusal(error).message.includes("file not found")
            : (error as ConnectError).code === Code.Internal && (error as ConnectError).message.includes("file not found"),
      );
    });

    test("a web address is called", async () => {
      const answer = await send("web", "post", { some: protocol }, { path: "/there", Accept: "application/json", "X-Extra": "1", "Content-Type": "application/vnd.mine+json" });
      const body = protocol === "HTTP" ? answer : JSON.parse(content(answer));
      assert.deepEqual(body, { ok: true });
      const { headers, json } = await target.inbox.one((request) => request.url === "/there" && request.json?.some === protocol);
      assert.deepEqual([headers["x-extra"], headers["accept"], headers["content-type"]], ["1", "application/json", "application/vnd.mine+json"]);
      assert.deepEqual(json, { some: protocol });
      if (protocol === "gRPC") {
        assert.equal((answer as { metadata: Record<string, string> }).metadata["statusCode"], "200");
      }
      await assert.rejects(
        () => send("web", "get", "", { path: "/no" }),
        (error) => /received status code (\\")?503/.test((error as Error).message) && (protocol === "HTTP" || (error as ConnectError).metadata.get("metadata.statuscode") === "503"),
      );
    });

    test("unknown bindings and operations are refused", async () => {
      await assert.rejects(() => send("nowhere", "create", "x", {}), /nowhere/);
      await assert.rejects(() => send("objects", "transmute", "x", {}), /transmute/);
    });
  });
}

describe("bindings on the wire", () => {
  test("response metadata comes as headers, also of an error", async () => {
    const fine = await call(sidecar, "POST", "/v1.0/bindings/web", { operation: "get", metadata: { path: "/fine" } });
    assert.deepEqual([fine.status, fine.headers.get("metadata.statuscode")], [200, "200"]);
    const failed = await call(sidecar, "POST", "/v1.0/bindings/web", { operation: "get", metadata: { path: "/no" } });
    assert.deepEqual([failed.status, failed.json.errorCode, failed.headers.get("metadata.statuscode")], [500, "ERR_INVOKE_OUTPUT_BINDING", "503"]);
  });

  test("a schedule ticks into the package's server", async () => {
    await ticks.count(2);
  });

  test("an app is asked for its bindings, and a schedule comes to its route with its time", async () => {
    const { headers, body } = await raw.inbox.one(({ method, url }) => method === "POST" && url === "/my/route");
    assert.match(headers["readtimeutc"] as string, /^\d{4}-/);
    assert.equal(body.length, 0);
    assert.ok(raw.inbox.items.some(({ method, url }) => method === "OPTIONS" && url === "/my/route"));
    assert.ok(raw.inbox.items.some(({ method, url }) => method === "OPTIONS" && url === "/unwanted"));
    assert.equal(raw.at("/unwanted").filter(({ method }) => method === "POST").length, 0);
  });
});
