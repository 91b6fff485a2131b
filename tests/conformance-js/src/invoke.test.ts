import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { HttpMethod, type DaprServer } from "@dapr/dapr";
import { call, daprClient, daprServer, protocols, rawGrpc, refusal } from "./clients.js";
import { freePort, Sidecar } from "./processes.js";
import { RawApp } from "./raw-app.js";

let sidecar: Sidecar;
let server: DaprServer;
let raw: RawApp;
const verbs = [HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE];

before(async () => {
  const port = await freePort();
  raw = await RawApp.start();
  raw.handle = ({ url, method, headers, body }) => {
    const status = Number(new URL(url, "http://x").searchParams.get("status") ?? 200);
    return { status, headers: { "x-from-app": "yes", "content-type": "application/json" }, body: { method, url, headers, body: body.toString("latin1") } };
  };
  sidecar = await Sidecar.start([{ appId: "caller" }, { appId: "server", appPort: port }, { appId: "raw", appPort: raw.port }, { appId: "down", appPort: await freePort() }], "");
  server = daprServer(sidecar.of("server"), port);
  for (const verb of verbs) {
    await server.invoker.listen("echo/deep", (data) => Promise.resolve({ verb, body: data.body, query: data.query, given: (data.headers as Record<string, string>)["x-given"] }), { method: verb });
  }
  await server.start();
  await sidecar.ready("server");
  await sidecar.ready("raw");
});
after(async () => {
  await server.stop();
  await sidecar.stop();
  await raw.stop();
});

for (const protocol of protocols) {
  describe(`invocation over ${protocol} of the package's server`, () => {
    for (const verb of verbs) {
      test(`${verb} with body and answer`, async () => {
        const { invoker } = daprClient(sidecar.of("caller"), protocol);
        const sends = verb !== HttpMethod.GET;
        const got = (await invoker.invoke("server", "echo/deep", verb, sends ? { hello: "세계" } : undefined, { headers: { "x-given": "header" } })) as Record<string, string>;
        assert.equal(got["verb"], verb);
        if (sends) {
          assert.deepEqual(JSON.parse(got["body"]!), { hello: "세계" });
        }
        if (protocol === "HTTP") {
          assert.equal(got["given"], "header");
        }
      });
    }

    test("an app says no in its own words", async () => {
      const { invoker } = daprClient(sidecar.of("caller"), protocol);
      await assert.rejects(
        // The package's gRPC client sends no query.
        async () => protocol === "gRPC"
          ? await rawGrpc(sidecar.of("caller")).invokeService({ id: "raw", message: { method: "thing", httpExtension: { verb: 3, querystring: "status=418" } } })
          : await invoker.invoke("raw", "thing?status=418", HttpMethod.POST, {}),
        (error) => {
          if (protocol === "gRPC") {
            const { code, rawMessage, metadata } = error as ConnectError;
            return code === Code.Unknown && rawMessage === "I'm a teapot" && metadata.get("dapr-http-status") === "418" && metadata.get("x-from-app") === "yes";
          }
          const { status, error_msg } = JSON.parse((error as Error).message) as { status: number; error_msg: string };
          return status === 418 && error_msg.includes('"method":"POST"');
        },
      );
    });

    test("an unknown app, and one that is down, are ERR_DIRECT_INVOKE", async () => {
      const { invoker } = daprClient(sidecar.of("caller"), protocol);
      for (const appId of ["nobody", "down"]) {
        await assert.rejects(
          () => invoker.invoke(appId, "m", HttpMethod.GET),
          (error) => {
            if (protocol === "gRPC") {
              return [Code.Internal, Code.Unavailable].includes((error as ConnectError).code);
            }
            const { status, errorCode } = refusal(error);
            return status === 500 && errorCode === "ERR_DIRECT_INVOKE";
          },
        );
      }
    });
  });
}

test("a query reaches the package's server over HTTP; over gRPC its client sends none", async () => {
  const got = (await daprClient(sidecar.of("caller"), "HTTP").invoker.invoke("server", "echo/deep?a=1&b=%26", HttpMethod.GET)) as Record<string, string>;
  assert.equal(got["query"], "/echo/deep?a=1&b=%26");
});

describe("invocation on the wire", () => {
  test("path, query and body arrive, an encoded slash as a slash; status and headers come back", async () => {
    const answer = await call(sidecar, "PUT", "/v1.0/invoke/raw/method/a%20b/c%2Fd?x=1&y=%26&status=201", Uint8Array.of(1, 2, 254), { headers: { "content-type": "x/y", "x-mine": "1", "dapr-api-token": "not-yours" } });
    assert.deepEqual([answer.status, answer.headers.get("x-from-app")], [201, "yes"]);
    const seen = answer.json as { method: string; url: string; headers: Record<string, string>; body: string };
    assert.deepEqual([seen.method, seen.url, seen.body], ["PUT", "/a%20b/c/d?x=1&y=%26&status=201", "\u0001\u0002\u00fe"]);
    assert.deepEqual([seen.headers["content-type"], seen.headers["x-mine"], seen.headers["dapr-api-token"]], ["x/y", "1", undefined]);
    assert.deepEqual([seen.headers["dapr-caller-app-id"], seen.headers["dapr-callee-app-id"]], ["caller", "raw"]);
    assert.ok(seen.headers["x-forwarded-for"] && seen.headers["forwarded"] && seen.headers["x-forwarded-host"]);
  });

  test("every verb passes", async () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      assert.equal((await call(sidecar, method, "/v1.0/invoke/raw/method/v")).json.method, method);
    }
    const head = await call(sidecar, "HEAD", "/v1.0/invoke/raw/method/v");
    assert.deepEqual([head.status, head.headers.get("x-from-app"), head.text], [200, "yes", ""]);
  });

  test("the app may be named by a header or in the address", async () => {
    const byHeader = await call(sidecar, "GET", "/some/path?q=1", undefined, { headers: { "dapr-app-id": "raw" } });
    assert.deepEqual([byHeader.json.url, byHeader.json.headers["dapr-app-id"]], ["/some/path?q=1", undefined]);
    const basic = Buffer.from("dapr-app-id:raw").toString("base64");
    assert.equal((await call(sidecar, "GET", "/other", undefined, { headers: { authorization: `Basic ${basic}` } })).json.url, "/other");
    assert.equal((await call(sidecar, "GET", "/v1.0/invoke/raw.default/method/named")).json.url, "/named");
  });

  test("a trace goes on", async () => {
    const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b", baggage: "c=d" };
    const seen = (await call(sidecar, "GET", "/v1.0/invoke/raw/method/t", undefined, { headers })).json.headers as Record<string, string>;
    assert.match(seen["traceparent"]!, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    assert.deepEqual([seen["tracestate"], seen["baggage"]], ["a=b", "c=d"]);
  });

  test("a trace goes on over gRPC too", async () => {
    const headers = { traceparent: "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    const { data } = await rawGrpc(sidecar.of("caller")).invokeService({ id: "raw", message: { method: "t", httpExtension: { verb: 1 } } }, { headers });
    const seen = (JSON.parse(Buffer.from(data!.value).toString()) as { headers: Record<string, string> }).headers;
    assert.match(seen["traceparent"]!, /^00-1af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  });

  test("hop-by-hop headers stay behind", async () => {
    const seen = (await call(sidecar, "GET", "/v1.0/invoke/raw/method/h", undefined, { headers: { te: "trailers", "proxy-authorization": "x" } })).json.headers as Record<string, string>;
    assert.deepEqual([seen["te"], seen["proxy-authorization"]], [undefined, undefined]);
  });

  test("a path that climbs does not leave the app, and one with a question or no text in it is refused", async () => {
    const url = async (path: string): Promise<string> => (await call(sidecar, "GET", `/v1.0/invoke/raw/method/${path}`)).json.url;
    assert.deepEqual([await url("a%2F..%2F..%2Fb"), await url("a//b/./c/"), await url("a%7Cb!%21")], ["/b", "/a/b/c", "/a%7Cb%21%21"]);
    for (const [path, why] of [["a%3Fb", /method contains forbidden character: "a\?b"/], ["a%0Ab", /control character at position 1: "a\\nb"/], ["%ff%fe", /invalid UTF-8/], ["a%25b", /invalid URL escape "%b"/]] as const) {
      const refused = await call(sidecar, "GET", `/v1.0/invoke/raw/method/${path}`);
      assert.deepEqual([refused.status, refused.json.errorCode], [500, "ERR_DIRECT_INVOKE"]);
      assert.match(refused.json.message, why);
    }
  });

  test("a media type without a body arrives, as a body of no length", async () => {
    const seen = (await call(sidecar, "POST", "/v1.0/invoke/raw/method/nothing", "", { headers: { "content-type": "application/json" } })).json;
    assert.deepEqual([seen.headers["content-type"], seen.headers["content-length"], seen.headers["transfer-encoding"], seen.body], ["application/json", undefined, "chunked", ""]);
  });

  test("what is no API and names no app is not found", async () => {
    for (const [method, path] of [["GET", "/"], ["PATCH", "/v1.0/state/none/k"], ["GET", "/v1.0/invoke/raw/method"], ["GET", "/v1.0/invoke"]] as const) {
      const refused = await call(sidecar, method, path);
      assert.deepEqual([refused.status, refused.json], [404, { errorCode: "ERR_DIRECT_INVOKE", message: "failed getting app id either from the URL path or the header dapr-app-id" }]);
    }
  });

  test("gRPC carries status, content type and headers of an HTTP app", async () => {
    let trailers = new Headers();
    const response = await rawGrpc(sidecar.of("caller")).invokeService(
      { id: "raw", message: { method: "g", contentType: "text/plain", data: { value: Buffer.from("hi") }, httpExtension: { verb: 3, querystring: "a=1" } } },
      { onHeader: (headers) => (trailers = headers) },
    );
    const seen = JSON.parse(Buffer.from(response.data!.value).toString()) as { url: string; body: string; headers: Record<string, string> };
    assert.deepEqual([seen.url, seen.body, seen.headers["content-type"], response.contentType], ["/g?a=1", "hi", "text/plain", "application/json"]);
    assert.deepEqual([trailers.get("dapr-http-status"), trailers.get("x-from-app"), trailers.get("dapr-content-type")], ["200", "yes", "application/json"]);
  });
});
