import { CommunicationProtocolEnum, DaprClient } from "@dapr/dapr";
import { log, reason } from "./log.js";
import { Problem, unavailable } from "./problems.js";

const Binding = "objects";
const CallMs = 15_000;
const StartRetryMs = 1_000;

/** Node refuses new HTTP/2 streams while ten million bytes wait in a session, and the SDK has no setting for it. */
const MaxBytesUnderWay = 8_000_000;

/** Every kind of object store calls the name of an object something else; the others ignore what they don't know. */
const named = (key: string): Record<string, string> => ({ key, fileName: key, blobName: key });

/**
 * Objects behind the sidecar's output binding. Over gRPC, because the SDK's HTTP client reads every answer as text and
 * so ruins the bytes of a picture.
 */
export class Objects {
  private readonly client: DaprClient;
  private started = false;
  private stopped = false;
  private bytesUnderWay = 0;
  private readonly line: (() => void)[] = [];

  constructor(host: string, port: string, token: string | undefined) {
    this.client = new DaprClient({
      daprHost: host,
      daprPort: port,
      communicationProtocol: CommunicationProtocolEnum.GRPC,
      maxBodySizeMb: 16,
      // The SDK's own lines are not JSON and say nothing that the ones here don't.
      logger: { service: { error: () => {}, warn: () => {}, info: () => {}, verbose: () => {}, debug: () => {} } },
      ...(token === undefined ? {} : { daprApiToken: token }),
    });
  }

  /** Waits in the background until the sidecar is there: it may start after us, and calls are refused until then. */
  async start(): Promise<void> {
    while (!this.started && !this.stopped) {
      try {
        await this.client.start();
        this.started = true;
        log("info", "The sidecar is there");
      } catch (error) {
        log("warning", "The sidecar is not there yet", { reason: reason(error) });
        await new Promise((resolve) => setTimeout(resolve, StartRetryMs).unref());
      }
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.client.stop();
  }

  async put(key: string, bytes: Buffer, contentType: string): Promise<void> {
    // As base64 everywhere: localstorage would decode bytes that happen to look like it, the others are told to.
    const text = bytes.toString("base64");
    await this.call(text.length, (b) => b.send(Binding, "create", text, { ...named(key), decodeBase64: "true", contentType }));
  }

  async get(key: string): Promise<Buffer> {
    const answer = (await this.call(0, (b) => b.send(Binding, "get", undefined, named(key)))) as { data?: Uint8Array };
    if (answer.data === undefined || answer.data.length === 0) {
      throw new Problem("not-found", "There is no object of that key.");
    }
    return Buffer.from(answer.data.buffer, answer.data.byteOffset, answer.data.byteLength);
  }

  private async call(size: number, send: (binding: DaprClient["binding"]) => Promise<unknown>): Promise<unknown> {
    if (!this.started) {
      throw unavailable("The sidecar has not started.");
    }
    while (this.bytesUnderWay > 0 && this.bytesUnderWay + size > MaxBytesUnderWay) {
      await new Promise<void>((resolve) => this.line.push(resolve));
    }
    this.bytesUnderWay += size;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable("The object store did not answer in time.")), CallMs);
    });
    try {
      return await Promise.race([send(this.client.binding), late]);
    } catch (error) {
      if (error instanceof Problem) {
        throw error;
      }
      // localstorage, S3, Azure and Google in this order: the binding API has no code for it, only words.
      if (/not found|no such|NoSuchKey|BlobNotFound|doesn't exist/i.test(reason(error))) {
        throw new Problem("not-found", "There is no object of that key.", {}, { cause: error });
      }
      throw unavailable("The object store cannot be reached.", error);
    } finally {
      clearTimeout(timer);
      this.bytesUnderWay -= size;
      this.line.splice(0).forEach((wake) => wake());
    }
  }
}
