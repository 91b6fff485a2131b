import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Inbox } from "./waiting.js";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** An app without any package: what the sidecar sends is seen as it is. */
export class RawApp {
  readonly inbox = new Inbox<Received>();
  /** Answers what no test has an own opinion on. */
  handle: (request: Received) => Reply | Promise<Reply> = () => ({ status: 404 });

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<RawApp> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
      const body = Buffer.concat(chunks);
      const received: Received = { method: request.method!, url: request.url!, headers: request.headers, body, json: parsed(body) };
      app.inbox.add(received);
      const reply = await app.handle(received);
      const text = reply.body === undefined ? "" : typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
      response.writeHead(reply.status ?? 200, { ...(text === "" || typeof reply.body === "string" ? {} : { "content-type": "application/json" }), ...reply.headers });
      response.end(text);
    });
    const app = new RawApp(server);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Everything that came to a path so far. */
  at(path: string): Received[] {
    return this.inbox.items.filter((request) => request.url === path);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
