import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { CommunicationProtocolEnum, DaprClient, DaprServer } from "@dapr/dapr";
import { Dapr } from "@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js";
import type { Ports, Sidecar } from "./processes.js";

/** Tests provoke errors; what the package logs about them says nothing new. */
const nothing = (): void => undefined;
export const quiet = { service: { error: nothing, warn: nothing, info: nothing, verbose: nothing, debug: nothing } };

export type Protocol = "HTTP" | "gRPC";
export const protocols: readonly Protocol[] = ["HTTP", "gRPC"];

export function daprClient(ports: Ports, protocol: Protocol, daprApiToken?: string): DaprClient {
  return new DaprClient({
    daprHost: "127.0.0.1",
    daprPort: protocol === "HTTP" ? ports.http : ports.grpc,
    communicationProtocol: protocol === "HTTP" ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
    logger: quiet,
    ...(daprApiToken === undefined ? {} : { daprApiToken }),
  });
}

/** The package's server. It talks to its sidecar over the protocol it serves. */
export function daprServer(ports: Ports, port: number, protocol: Protocol = "HTTP", daprApiToken?: string): DaprServer {
  return new DaprServer({
    serverHost: "127.0.0.1",
    serverPort: String(port),
    communicationProtocol: protocol === "HTTP" ? CommunicationProtocolEnum.HTTP : CommunicationProtocolEnum.GRPC,
    clientOptions: { daprHost: "127.0.0.1", daprPort: protocol === "HTTP" ? ports.http : ports.grpc, logger: quiet, ...(daprApiToken === undefined ? {} : { daprApiToken }) },
    logger: quiet,
  });
}

/** The gRPC API itself, by the messages that the package brings, for what its client has no method for. */
export function rawGrpc(ports: Ports): Client<typeof Dapr> {
  return createClient(Dapr, createGrpcTransport({ baseUrl: `http://127.0.0.1:${ports.grpc}` }));
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

/** The HTTP API itself. */
export async function call(sidecar: Sidecar, method: string, path: string, body?: unknown, options: { headers?: Record<string, string>; appId?: string } = {}): Promise<Answer> {
  const isText = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(sidecar.url(path, options.appId), {
    method,
    headers: { ...(body === undefined || isText ? {} : { "content-type": "application/json" }), ...options.headers },
    ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

/** What the HTTP client of the package throws or returns: its message is JSON with the status and the sidecar's body. */
export function refusal(error: unknown): { status: number; errorCode: string; message: string } {
  const outer = JSON.parse((error as Error).message) as { status: number; error_msg: string };
  const inner = JSON.parse(outer.error_msg) as { errorCode: string; message: string };
  return { status: outer.status, ...inner };
}
