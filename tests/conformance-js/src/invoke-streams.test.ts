import assert from "node:assert/strict";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Sidecar } from "./processes.js";
import { eventually } from "./waiting.js";

/** What the app does with a call; it sees bodies as they come. */
const handlers = new Map<string, (incoming: IncomingMessage, answer: ServerResponse) => void>();
let app: Server;
let sidecar: Sidecar;

before(async () => {
  app = createServer((incoming, answer) => (handlers.get(incoming.url!) ?? ((_, other) => other.writeHead(404).end()))(incoming, answer));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  sidecar = await Sidecar.start([{ appId: "caller" }, { appId: "streamer", appPort: (app.address() as AddressInfo).port }], "");
  await sidecar.ready("streamer");
});
after(async () => {
  await sidecar.stop();
  app.closeAllConnections();
  app.close();
});

const url = (path: string): string => sidecar.url(`/v1.0/invoke/streamer/method${path}`, "caller");

describe("bodies of invocations are streams", () => {
  test("an answer comes while the app still writes it", async () => {
    let goOn = (): void => undefined;
    handlers.set("/events", (_, answer) => {
      answer.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
      goOn = () => answer.end("data: two\n\n");
    });
    const reader = (await fetch(url("/events"))).body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, "data: one\n\n");
    goOn();
    assert.equal((await reader.read()).value, "data: two\n\n");
    assert.equal((await reader.read()).done, true);
  });

  test("a request reaches the app while the caller still writes it", async () => {
    let came = "";
    handlers.set("/upload", (incoming, answer) => {
      incoming.setEncoding("utf8").on("data", (part: string) => (came += part));
      incoming.once("end", () => answer.end(`took ${came}`));
    });
    const upload = request(url("/upload"), { method: "PUT" });
    const answered = new Promise<IncomingMessage>((resolve, reject) => upload.once("response", resolve).once("error", reject));
    upload.write("one ");
    await eventually(() => came === "one ", "the first part is there before the second is written");
    upload.end("two");
    const answer = await answered;
    assert.equal(Buffer.concat(await answer.toArray()).toString(), "took one two");
  });

  test("a large body comes back the same", async () => {
    handlers.set("/echo", (incoming, answer) => void incoming.pipe(answer));
    const part = Buffer.alloc(1 << 20, "eco");
    const echo = request(url("/echo"), { method: "POST" });
    const answered = new Promise<IncomingMessage>((resolve, reject) => echo.once("response", resolve).once("error", reject));
    for (let i = 0; i < 3; i += 1) {
      echo.write(part);
    }
    echo.end();
    const body = Buffer.concat(await (await answered).toArray());
    assert.ok(body.equals(Buffer.concat([part, part, part])));
  });

  test("an app learns that its caller has gone, and a caller that its app has", async () => {
    let gone = false;
    handlers.set("/endless", (_, answer) => {
      answer.writeHead(200).write("on and on");
      answer.once("close", () => (gone = true));
    });
    const port = Number(sidecar.of("caller").http);
    const caller = connect(port, "127.0.0.1", () => caller.write("GET /v1.0/invoke/streamer/method/endless HTTP/1.1\r\nhost: x\r\n\r\n"));
    await new Promise((resolve) => caller.once("data", resolve));
    assert.equal(gone, false);
    caller.destroy();
    await eventually(() => gone, "the app's answer is closed");

    handlers.set("/breaks", (incoming, answer) => {
      answer.writeHead(200).write("half of");
      setImmediate(() => incoming.socket.destroy());
    });
    await assert.rejects(async () => (await fetch(url("/breaks"))).text());
  });
});
