import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { App, AppToken, Key, type Answer } from "./app.js";
import { hugeGif, hugeJpeg, hugePng, noise } from "./pictures.js";

function refused(answer: Answer, status: number, kind: string): void {
  assert.equal(answer.body["type"], `urn:eco2:media:${kind}`);
  assert.equal(answer.status, status);
  assert.equal(answer.type, "application/problem+json");
  assert.equal(answer.body["status"], status);
  assert.equal(answer.body["code"], kind.toUpperCase().replaceAll("-", "_"));
  assert.match(String(answer.body["traceId"]), /^[0-9a-f]{32}$/);
  assert.doesNotMatch(JSON.stringify(answer.body), /node_modules|Vips|\.js|0198c0de/, "nothing of the inside leaks");
}

const residentMb = (app: App): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${app.process.pid}/status`, "utf8"))![1]) / 1024;

describe("Bad pictures", () => {
  let app: App;
  let photo: Buffer;
  before(async () => {
    app = await App.start();
    photo = await noise(300, 200).jpeg().toBuffer();
  });
  after(async () => {
    await app.stop();
    assert.deepEqual(app.lines.filter((l) => l["level"] === "error"), [], "no error was logged");
    assert.equal(app.sidecar.objects.size, 0, "nothing was stored");
  });

  test("more than 10 MB is refused before it is read", async () => {
    refused(await app.normalize(Buffer.alloc(10 * 1024 * 1024 + 1, 0xff)), 413, "too-large");
  });

  test("whoever sends too much is heard out, so that a sidecar in between sees the answer and not a broken pipe", async () => {
    const { port } = new URL(app.url);
    const socket = connect(Number(port), "127.0.0.1");
    let heard = "";
    socket.on("data", (d) => (heard += d.toString()));
    const sent = new Promise<Error | undefined>((resolve) => {
      socket.on("error", resolve);
      socket.write(`POST /v1/normalize?key=${Key} HTTP/1.1\r\nhost: media\r\ndapr-api-token: ${AppToken}\r\ncontent-length: ${15 << 20}\r\n\r\n`);
      socket.write(Buffer.alloc(15 << 20), () => resolve(undefined));
    });
    assert.equal(await sent, undefined);

    const second = new Promise<void>((resolve) => socket.on("data", () => heard.includes('"ok"') && resolve()));
    socket.write("GET /healthz HTTP/1.1\r\nhost: media\r\n\r\n");
    await second;

    assert.match(heard, /^HTTP\/1.1 413 [^]*HTTP\/1.1 200 /, "both answers, over one connection");
    socket.destroy();
  });

  test("more than 10 MB without a length is refused while it is read", async () => {
    const { port } = new URL(app.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`POST /v1/normalize?key=${Key} HTTP/1.1\r\nhost: media\r\ndapr-api-token: ${AppToken}\r\ntransfer-encoding: chunked\r\n\r\n`);
    const megabyte = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(1 << 20), Buffer.from("\r\n")]);
    const status = new Promise<string>((resolve) => socket.once("data", (d) => resolve(d.toString().split("\r\n")[0]!)));
    for (let i = 0; i < 11; i++) {
      socket.write(megabyte);
    }
    assert.equal(await status, "HTTP/1.1 413 Payload Too Large");
    socket.destroy();
  });

  const notPictures: Record<string, Buffer> = {
    "an empty body": Buffer.alloc(0),
    text: Buffer.from("not a picture"),
    "a picture in SVG": Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'),
    "a TIFF": Buffer.from([0x49, 0x49, 0x2a, 0, 8, 0, 0, 0]),
    "a PDF": Buffer.from("%PDF-1.7\n"),
    "a BMP": Buffer.from("BM\0\0\0\0\0\0"),
  };
  for (const [what, bytes] of Object.entries(notPictures)) {
    test(`${what} is no picture`, async () => refused(await app.normalize(bytes), 415, "unsupported-media"));
  }

  const twoThings: Record<string, string> = {
    "a page": "<html><body>hello",
    "a script": "<script>alert(1)</script>",
    "a drawing with links": '<svg onload="x()">',
    "an archive": "PK\x03\x04 content PK\x05\x06".padEnd(60, "\0"),
  };
  for (const [what, tail] of Object.entries(twoThings)) {
    test(`a picture that is ${what} too is refused`, async () => {
      refused(await app.normalize(Buffer.concat([photo, Buffer.from(tail, "latin1")])), 415, "unsupported-media");
    });
  }

  for (const format of ["jpeg", "png", "webp", "gif"] as const) {
    test(`half a ${format} is unreadable`, async () => {
      const whole = await noise(300, 200).toFormat(format).toBuffer();
      refused(await app.normalize(whole.subarray(0, whole.length / 2)), 422, "image-unreadable");
    });

    test(`a ${format} of a head and rubbish is unreadable`, async () => {
      const whole = await noise(300, 200).toFormat(format).toBuffer();
      const broken = Buffer.concat([whole.subarray(0, 40), Buffer.alloc(5000, 0x5a)]);
      refused(await app.normalize(broken), 422, "image-unreadable");
    });
  }

  test("a PNG with a hole in the middle is unreadable", async () => {
    const broken = await noise(300, 200).png().toBuffer();
    const middle = broken.length >> 1;
    broken.fill(0, middle, middle + 2000);
    refused(await app.normalize(broken), 422, "image-unreadable");
  });

  test("50,000 x 50,000 pixels are refused by the head of the file, without memory for them", async () => {
    const before = residentMb(app);

    const answers = [await app.normalize(hugePng(50_000, 50_000)), await app.normalize(await hugeJpeg(50_000, 50_000)), await app.normalize(await hugeGif(50_000, 50_000))];

    answers.forEach((answer) => refused(answer, 422, "too-many-pixels"));
    assert.ok(residentMb(app) - before < 60, `${before} MB before, ${residentMb(app)} MB after`);
  });

  test("one pixel row over 40 megapixels is too many", async () => {
    refused(await app.normalize(hugePng(8000, 5001)), 422, "too-many-pixels");
  });

  for (const key of ["", "../secret", "scan//x", "/scan/x", "scan/x/", "scan/한글", "scan/a b", `scan/${"x".repeat(300)}`, "scan/..", "scan/%2e%2e"]) {
    test(`the key ${JSON.stringify(key.slice(0, 20))} is not one`, async () => {
      refused(await app.normalize(photo, key), 400, "invalid-key");
      refused(await app.call("POST", `/v1/normalize?key=${Key}&source=${encodeURIComponent(key)}`), 400, "invalid-key");
      refused(await app.classify(key), 400, "invalid-key");
    });
  }

  test("a source that is not in the store is not found", async () => {
    refused(await app.call("POST", `/v1/normalize?key=${Key}&source=uploads/none`), 404, "not-found");
  });

  test("a body that is no JSON, of another shape, or too long is refused", async () => {
    const post = (body: string): Promise<Answer> => app.call("POST", "/v1/classify", body);

    refused(await post("{"), 400, "invalid-body");
    refused(await post(""), 400, "invalid-body");
    for (const body of ["null", "[]", "1", '"x"', "{}", '{"key":1}', '{"key":null}', '{"key":["scan"]}']) {
      refused(await post(body), 400, "invalid-key");
    }
    refused(await post(JSON.stringify({ key: "x".repeat(100_000) })), 413, "too-large");
  });

  test("unknown paths and methods are refused", async () => {
    refused(await app.call("GET", "/"), 404, "not-found");
    refused(await app.call("POST", "/v1/normalize/"), 404, "not-found");
    refused(await app.call("GET", "/toString"), 404, "not-found");
    const wrong = await app.call("GET", "/v1/classify");
    refused(wrong, 405, "method-not-allowed");
    assert.equal(wrong.headers.get("allow"), "POST");
  });

  test("without the sidecar's token only the health probe answers", async () => {
    for (const headers of [{}, { "dapr-api-token": "" }, { "dapr-api-token": `${AppToken}x` }, { "dapr-api-token": "token-of-the-apq" }]) {
      refused(await app.call("POST", "/v1/classify", "{}", headers), 401, "unauthorized");
      refused(await app.call("POST", `/v1/normalize?key=${Key}`, photo, headers), 401, "unauthorized");
      refused(await app.call("GET", "/nowhere", undefined, headers), 401, "unauthorized");
    }
    const health = await app.call("GET", "/healthz", undefined, {});
    assert.deepEqual([health.status, health.body], [200, { status: "ok" }]);
  });

  test("no log line names a key", () => {
    assert.ok(app.lines.length > 50);
    assert.doesNotMatch(JSON.stringify(app.lines), /0198c0de|secret/);
  });
});
