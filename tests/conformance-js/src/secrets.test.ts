import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { call, daprClient, protocols, refusal } from "./clients.js";
import { component, Sidecar } from "./processes.js";

let folder: string;
let sidecar: Sidecar;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "eco2-js-secrets-"));
  const file = path.join(folder, "secrets.json");
  writeFileSync(file, JSON.stringify({ password: "p", nested: { inner: "i", other: "o" } }));
  sidecar = await Sidecar.start(
    [{ appId: "app", env: { FROM_ENV: "e" } }],
    component("flat", "secretstores.local.file", { secretsFile: file }) +
      component("multi", "secretstores.local.file", { secretsFile: file, multiValued: "true" }) +
      component("env", "secretstores.local.env") +
      component("scoped", "secretstores.local.file", { secretsFile: file }),
    "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec:\n  secrets:\n    scopes:\n      - { storeName: scoped, defaultAccess: deny, allowedSecrets: [password] }\n",
  );
});
after(async () => {
  await sidecar.stop();
  rmSync(folder, { recursive: true });
});

for (const protocol of protocols) {
  describe(`secrets over ${protocol}`, () => {
    const client = () => daprClient(sidecar.of(), protocol).secret;
    const refused = (status: number, errorCode: string, code: Code) => (error: unknown) =>
      protocol === "HTTP" ? refusal(error).status === status && refusal(error).errorCode === errorCode : (error as ConnectError).code === code;

    test("one secret, from a file and from the environment", async () => {
      assert.deepEqual(await client().get("flat", "password"), { password: "p" });
      assert.deepEqual(await client().get("flat", "nested:inner"), { "nested:inner": "i" });
      assert.deepEqual(await client().get("env", "FROM_ENV"), { FROM_ENV: "e" });
    });

    test("all secrets", async () => {
      assert.deepEqual(await client().getBulk("flat"), { password: { password: "p" }, "nested:inner": { "nested:inner": "i" }, "nested:other": { "nested:other": "o" } });
    });

    test("a scope hides what it does not allow", async () => {
      assert.deepEqual(await client().get("scoped", "password"), { password: "p" });
      await assert.rejects(() => client().get("scoped", "nested:inner"), refused(403, "ERR_PERMISSION_DENIED", Code.PermissionDenied));
      assert.deepEqual(await client().getBulk("scoped"), { password: { password: "p" } });
    });

    test("an unknown secret and an unknown store are refused", async () => {
      await assert.rejects(() => client().get("flat", "gone"), refused(500, "ERR_SECRET_GET", Code.Internal));
      await assert.rejects(() => client().get("nowhere", "k"), refused(401, "ERR_SECRET_STORE_NOT_FOUND", Code.InvalidArgument));
    });
  });
}

test("several values of one secret come together", async () => {
  assert.deepEqual((await call(sidecar, "GET", "/v1.0/secrets/multi/nested")).json, { inner: "i", other: "o" });
});
