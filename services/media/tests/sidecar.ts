import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Dapr } from "@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js";

export interface StoredObject {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A loopback stand-in for the sidecar's binding API, with localstorage's manners: base64 is decoded, a missing file is an error in words. */
export class Sidecar {
  readonly objects = new Map<string, StoredObject>();
  readonly tokens = new Set<string | null>();
  /** While set, every binding call waits for it. */
  gate: Promise<void> | undefined;
  /** While set, the store fails with these words. */
  fault: string | undefined;
  onCall: () => void = () => undefined;
  private readonly server: Http2Server;
  private readonly sessions = new Set<ServerHttp2Session>();

  constructor() {
    const routes = (router: ConnectRouter): void => {
      router.service(Dapr, {
        getMetadata: () => ({ id: "media" }),
        invokeBinding: async (call, context) => {
          this.tokens.add(context.requestHeader.get("dapr-api-token"));
          this.onCall();
          await this.gate;
          if (this.fault !== undefined) {
            throw new ConnectError(`error invoking output binding objects: ${this.fault}`, Code.Internal);
          }
          const name = call.metadata["fileName"] ?? "";
          if (call.name !== "objects") {
            throw new ConnectError(`couldn't find output binding ${call.name}`, Code.InvalidArgument);
          }
          if (call.operation === "create") {
            const text = Buffer.from(call.data).toString("latin1");
            const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, "base64") : Buffer.from(call.data);
            this.objects.set(name, { bytes, metadata: { ...call.metadata } });
            return { data: Buffer.from(JSON.stringify({ fileName: name })), metadata: {} };
          }
          const found = this.objects.get(name);
          if (found === undefined) {
            throw new ConnectError("error invoking output binding objects: file not found: /objects", Code.Internal);
          }
          return { data: found.bytes, metadata: {} };
        },
      });
    };
    this.server = createServer({ maxSessionMemory: 64 }, connectNodeAdapter({ routes, readMaxBytes: 16 << 20, writeMaxBytes: 16 << 20 }));
    this.server.on("session", (session) => this.sessions.add(session));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return String((this.server.address() as AddressInfo).port);
  }

  stop(): void {
    this.server.close();
    this.sessions.forEach((session) => session.destroy());
  }
}
