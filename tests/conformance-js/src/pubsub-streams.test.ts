import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { TopicEventResponse_TopicEventResponseStatus as Status, type TopicEventRequest } from "@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js";
import { SubscribeTopicEventsRequestAlpha1Schema, type SubscribeTopicEventsRequestAlpha1, type SubscribeTopicEventsResponseAlpha1 } from "@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js";
import { call, daprClient, rawGrpc } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { eventually } from "./waiting.js";

// The package's client has no subscriptions of this kind: these are the messages it brings.
let redis: Redis;
let sidecar: Sidecar;

before(async () => {
  redis = await Redis.start();
  sidecar = await Sidecar.start([{ appId: "reader" }, { appId: "writer" }], component("redis", "pubsub.redis", { redisHost: redis.host }) + component("memory", "pubsub.in-memory"));
});
after(async () => {
  await sidecar.stop();
  await redis.stop();
});

/** A subscription as an app has it: a stream of requests that is written as it goes, and the messages that come. */
class Subscription {
  private readonly waiting: SubscribeTopicEventsRequestAlpha1[] = [];
  private readonly responses: AsyncIterator<SubscribeTopicEventsResponseAlpha1>;
  private wake = (): void => undefined;
  private ended = false;

  private constructor() {
    this.responses = rawGrpc(sidecar.of("reader")).subscribeTopicEventsAlpha1(this.requests())[Symbol.asyncIterator]();
  }

  /** Returns once the sidecar says that it listens. */
  static async open(pubsubName: string, topic: string, deadLetterTopic?: string): Promise<Subscription> {
    const subscription = new Subscription();
    subscription.ask(pubsubName, topic, deadLetterTopic);
    assert.equal((await subscription.responses.next()).value.subscribeTopicEventsResponseType.case, "initialResponse");
    return subscription;
  }

  ask(pubsubName: string, topic: string, deadLetterTopic?: string): void {
    this.send({
      case: "initialRequest",
      value: { $typeName: "dapr.proto.runtime.v1.SubscribeTopicEventsRequestInitialAlpha1", pubsubName, topic, metadata: {}, ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }) },
    });
  }

  async next(): Promise<TopicEventRequest> {
    const message = (await this.responses.next()).value.subscribeTopicEventsResponseType;
    assert.equal(message.case, "eventMessage");
    return message.value;
  }

  answer(event: TopicEventRequest, status: Status): void {
    this.send({ case: "eventProcessed", value: { $typeName: "dapr.proto.runtime.v1.SubscribeTopicEventsRequestProcessedAlpha1", id: event.id, status: { $typeName: "dapr.proto.runtime.v1.TopicEventResponse", status } } });
  }

  async end(): Promise<void> {
    this.ended = true;
    this.wake();
    // The end of what a client sends is an error to daprd, which it passes on.
    await assert.rejects(this.responses.next(), (error) => (error as ConnectError).code === Code.Unknown && (error as ConnectError).rawMessage === "EOF");
  }

  private send(request: SubscribeTopicEventsRequestAlpha1["subscribeTopicEventsRequestType"]): void {
    this.waiting.push(create(SubscribeTopicEventsRequestAlpha1Schema, { subscribeTopicEventsRequestType: request }));
    this.wake();
  }

  private async *requests(): AsyncIterable<SubscribeTopicEventsRequestAlpha1> {
    while (true) {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
        yield next;
      }
      if (this.ended) {
        return;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

const content = (event: TopicEventRequest): unknown => JSON.parse(Buffer.from(event.data).toString());
// What is in memory stays within one sidecar.
const publish = (broker: string, topic: string, data: object) => daprClient(sidecar.of(broker === "memory" ? "reader" : "writer"), "gRPC").pubsub.publish(broker, topic, data);

describe("streaming subscriptions", () => {
  for (const broker of ["memory", "redis"]) {
    test(`an app without a port gets messages of ${broker} on a stream of its own`, async () => {
      const subscription = await Subscription.open(broker, "streamed");
      await publish(broker, "streamed", { n: 1 });
      const event = await subscription.next();
      assert.deepEqual([event.topic, event.pubsubName, event.path, event.dataContentType, event.type, event.specVersion], ["streamed", broker, "/", "application/json", "com.dapr.event.sent", "1.0"]);
      assert.deepEqual(content(event), { n: 1 });
      const metadata = (await call(sidecar, "GET", "/v1.0/metadata", undefined, { appId: "reader" })).json;
      assert.ok(metadata.subscriptions.some((one: { topic: string; type: string }) => one.topic === "streamed" && one.type === "STREAMING"));
      subscription.answer(event, Status.SUCCESS);
      await subscription.end();
      if (broker === "redis") {
        await eventually(async () => (await redis.send("XPENDING", "streamed", "reader")).startsWith("0"), "the message is acknowledged");
      }
    });

    test(`what it drops or fails of ${broker} is a dead letter, which is another subscription's`, async () => {
      const letters = await Subscription.open(broker, "letters");
      const subscription = await Subscription.open(broker, "hard", "letters");
      for (const status of [Status.DROP, Status.RETRY]) {
        await publish(broker, "hard", { status });
        subscription.answer(await subscription.next(), status);
        const letter = await letters.next();
        assert.deepEqual(content(letter), { status });
        letters.answer(letter, Status.SUCCESS);
      }
      await subscription.end();
      await letters.end();
    });
  }

  test("messages come without waiting for one another, and are answered in any order", async () => {
    const subscription = await Subscription.open("redis", "many");
    for (const n of [1, 2, 3]) {
      await publish("redis", "many", { n });
    }
    const events = [await subscription.next(), await subscription.next(), await subscription.next()];
    assert.deepEqual(new Set(events.map((event) => (content(event) as { n: number }).n)), new Set([1, 2, 3]));
    events.reverse().forEach((event) => subscription.answer(event, Status.SUCCESS));
    await subscription.end();
    await eventually(async () => (await redis.send("XPENDING", "many", "reader")).startsWith("0"), "all are acknowledged");
  });

  test("one without a component or a topic, and a second beginning, are refused", async () => {
    // Without a code of its own, as daprd says it.
    for (const [pubsub, topic, said] of [["", "t", "pubsubName is required"], ["memory", "", "topic is required"]] as const) {
      await assert.rejects(
        () => Subscription.open(pubsub, topic),
        (error) => (error as ConnectError).code === Code.Unknown && (error as ConnectError).rawMessage === said,
      );
    }
    await assert.rejects(() => Subscription.open("nowhere", "t"), (error) => error instanceof ConnectError);
    const twice = await Subscription.open("memory", "twice");
    twice.ask("memory", "twice");
    await assert.rejects(() => twice.next(), (error) => (error as ConnectError).rawMessage === "duplicate initial request received");
  });
});
