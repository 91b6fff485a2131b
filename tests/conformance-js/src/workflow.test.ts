import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DaprWorkflowClient, WorkflowRuntime, WorkflowRuntimeStatus, type WorkflowActivityContext, type WorkflowContext, type WorkflowState } from "@dapr/dapr";
import { call, daprClient, quiet } from "./clients.js";
import { component, Redis, Sidecar } from "./processes.js";
import { eventually } from "./waiting.js";

let redis: Redis;
let sidecar: Sidecar;
let runtime: WorkflowRuntime;
let client: DaprWorkflowClient;
let attempts = 0;

type Steps = AsyncGenerator<unknown, unknown, never>;

async function* chain(context: WorkflowContext, input: number): Steps {
  const one: number = (yield context.callActivity(plusOne, input)) as never;
  const two: number = (yield context.callActivity(plusOne, one)) as never;
  return two;
}
async function* fanOut(context: WorkflowContext, inputs: number[]): Steps {
  const results = (yield context.whenAll(inputs.map((n) => context.callActivity(plusOne, n)))) as never as number[];
  return results.reduce((a, b) => a + b);
}
async function* timer(context: WorkflowContext): Steps {
  const began = context.getCurrentUtcDateTime().getTime();
  yield context.createTimer(1);
  return context.getCurrentUtcDateTime().getTime() - began;
}
async function* events(context: WorkflowContext): Steps {
  context.setCustomStatus("waiting");
  const first = yield context.waitForExternalEvent("first");
  const second = yield context.waitForExternalEvent("second");
  return [first, second];
}
async function* eventOrTimer(context: WorkflowContext): Steps {
  const event = context.waitForExternalEvent("never");
  const late = context.createTimer(1);
  const winner = (yield context.whenAny([event, late])) as unknown;
  return winner === late ? "timer" : "event";
}
async function* parent(context: WorkflowContext, input: number): Steps {
  return yield context.callChildWorkflow(chain, input);
}
async function* parentOfFailing(context: WorkflowContext): Steps {
  try {
    yield context.callChildWorkflow(failing);
  } catch (failed) {
    return `caught ${(failed as Error).message}`;
  }
  return "not caught";
}
async function* again(context: WorkflowContext, n: number): Steps {
  if (n < 5) {
    context.continueAsNew(n + 1, true);
    return undefined;
  }
  return n;
}
async function* failing(context: WorkflowContext): Steps {
  yield context.callActivity(breaking, "because");
  return "unreachable";
}
async function* catching(context: WorkflowContext): Steps {
  try {
    yield context.callActivity(breaking, "caught");
  } catch {
    return "compensated";
  }
  return "unreachable";
}
async function* durable(context: WorkflowContext): Steps {
  yield context.callActivity(counting);
  const go = yield context.waitForExternalEvent("go");
  yield context.callActivity(counting);
  return go;
}
const plusOne = (_: WorkflowActivityContext, n: number): number => n + 1;
const breaking = (_: WorkflowActivityContext, why: string): never => {
  throw new Error(`broke ${why}`);
};
const counting = (): number => (attempts += 1);

before(async () => {
  redis = await Redis.start();
  sidecar = await Sidecar.start([{ appId: "flows" }], component("store", "state.redis", { redisHost: redis.host, actorStateStore: "true" }));
  client = new DaprWorkflowClient(options());
  await startWorker();
});
const options = (): object => ({ daprHost: "127.0.0.1", daprPort: sidecar.of().grpc, logger: quiet });
async function startWorker(): Promise<void> {
  runtime = new WorkflowRuntime(options());
  for (const workflow of [chain, fanOut, timer, events, eventOrTimer, parent, parentOfFailing, again, failing, catching, durable]) {
    runtime.registerWorkflow(workflow as never);
  }
  runtime.registerActivity(plusOne as never).registerActivity(breaking as never).registerActivity(counting as never);
  await runtime.start();
}
after(async () => {
  await runtime.stop();
  await client.stop();
  await sidecar.stop();
  await redis.stop();
});

async function ended(id: string): Promise<WorkflowState> {
  return (await client.waitForWorkflowCompletion(id, true, 30))!;
}
async function run(workflow: unknown, input?: unknown): Promise<WorkflowState> {
  return ended(await client.scheduleNewWorkflow(workflow as never, input));
}
async function until(id: string, status: WorkflowRuntimeStatus): Promise<void> {
  await eventually(async () => (await client.getWorkflowState(id, false))?.runtimeStatus === status, `workflow ${id} is ${WorkflowRuntimeStatus[status]}`);
}
function completed(state: WorkflowState, output: unknown): void {
  assert.equal(state.runtimeStatus, WorkflowRuntimeStatus.COMPLETED, JSON.stringify(state.workflowFailureDetails));
  assert.deepEqual(JSON.parse(state.serializedOutput!), output);
}

describe("workflows of the package", () => {
  test("activities in a chain", async () => {
    const state = await run(chain, 1);
    completed(state, 3);
    assert.deepEqual([state.name, state.serializedInput], ["chain", "1"]);
    assert.ok(state.createdAt <= state.lastUpdatedAt);
  });

  test("activities side by side", async () => completed(await run(fanOut, [1, 2, 3, 4, 5]), 20));

  test("a timer takes its time", async () => {
    const state = await run(timer);
    assert.ok((JSON.parse(state.serializedOutput!) as number) >= 900, state.serializedOutput);
  });

  test("events come in by name, also before they are waited for, and the status is told", async () => {
    const id = await client.scheduleNewWorkflow(events as never);
    await client.waitForWorkflowStart(id, true, 10);
    await eventually(async () => (await client.getWorkflowState(id, true))?.customStatus === "waiting", "the custom status is there");
    await client.raiseEvent(id, "second", { b: 2 });
    await client.raiseEvent(id, "FIRST", "a");
    completed(await ended(id), ["a", { b: 2 }]);
  });

  test("a timer wins over an event that never comes", async () => completed(await run(eventOrTimer), "timer"));
  test("a child workflow answers", async () => completed(await run(parent, 10), 12));
  test("a child's failure can be caught", async () => assert.match(JSON.parse((await run(parentOfFailing)).serializedOutput!) as string, /^caught .*broke because/s));
  test("continue-as-new begins again with new input", async () => completed(await run(again, 1), 5));
  test("a caught failure is no failure", async () => completed(await run(catching), "compensated"));

  test("a failure tells its kind, message and place", async () => {
    const state = await run(failing);
    assert.equal(state.runtimeStatus, WorkflowRuntimeStatus.FAILED);
    const details = state.workflowFailureDetails!;
    assert.match(details.getErrorMessage(), /broke because/);
    assert.ok(details.getErrorType());
    assert.ok(details.getStackTrace());
  });

  test("an unknown workflow fails", async () => assert.equal((await run("nobodyKnows")).runtimeStatus, WorkflowRuntimeStatus.FAILED));

  test("a suspended workflow waits for resume", async () => {
    const id = await client.scheduleNewWorkflow(events as never);
    await client.waitForWorkflowStart(id, false, 10);
    await client.suspendWorkflow(id);
    await until(id, WorkflowRuntimeStatus.SUSPENDED);
    await client.raiseEvent(id, "first", 1);
    await client.raiseEvent(id, "second", 2);
    await client.resumeWorkflow(id);
    completed(await ended(id), [1, 2]);
  });

  test("a terminated workflow ends with the given output, and may be purged", async () => {
    const id = await client.scheduleNewWorkflow(events as never);
    await client.waitForWorkflowStart(id, false, 10);
    await client.terminateWorkflow(id, { stopped: true });
    const state = await ended(id);
    assert.equal(state.runtimeStatus, WorkflowRuntimeStatus.TERMINATED);
    assert.deepEqual(JSON.parse(state.serializedOutput!), { stopped: true });
    assert.equal(await client.purgeWorkflow(id), true);
    assert.equal(await client.getWorkflowState(id, false), undefined);
    await assert.rejects(() => client.purgeWorkflow(id), /no such instance exists/);
    assert.equal(await redis.send("KEYS", `*${id}*`), "");
  });

  test("ids are the caller's, once, and a start may be later", async () => {
    const at = new Date(Date.now() + 1500);
    const id = await client.scheduleNewWorkflow(chain as never, 1, "my-own-id", at);
    assert.equal(id, "my-own-id");
    assert.equal((await client.getWorkflowState(id, false))!.runtimeStatus, WorkflowRuntimeStatus.PENDING);
    await assert.rejects(() => client.scheduleNewWorkflow(chain as never, 1, "my-own-id"), /my-own-id/);
    completed(await ended(id), 3);
    assert.ok(Date.now() >= at.getTime());
    completed(await ended(await client.scheduleNewWorkflow(chain as never, 5, "my-own-id")), 7);
  });

  test("the older HTTP client starts, pauses and ends them too", async () => {
    const { workflow } = daprClient(sidecar.of(), "HTTP");
    const id = await workflow.scheduleNewWorkflow("events", { some: "input" }, "by-http");
    assert.equal(id, "by-http");
    await until(id, WorkflowRuntimeStatus.RUNNING);
    await workflow.pause(id);
    await until(id, WorkflowRuntimeStatus.SUSPENDED);
    await workflow.resume(id);
    await workflow.raiseEvent(id, "first", "1");
    await workflow.raiseEvent(id, "second", "2");
    await until(id, WorkflowRuntimeStatus.COMPLETED);
    const state = (await workflow.getWorkflowState(id)) as unknown as { workflowName: string; runtimeStatus: string; properties: Record<string, string> };
    assert.deepEqual([state.workflowName, state.runtimeStatus], ["events", "COMPLETED"]);
    assert.ok(state.properties["dapr.workflow.output"]);
    await workflow.purge(id);
    await assert.rejects(() => workflow.getWorkflowState(id), /ERR_INSTANCE_ID_NOT_FOUND/);
    const refused = await call(sidecar, "POST", "/v1.0/workflows/dapr/events/start?instanceID=not%20allowed");
    assert.deepEqual([refused.status, refused.json.errorCode], [400, "ERR_INSTANCE_ID_INVALID"]);
  });

  test("an instance goes on where it was when the sidecar was restarted", async () => {
    const before = attempts;
    const id = await client.scheduleNewWorkflow(durable as never);
    await eventually(() => attempts === before + 1, "the first activity ran");
    await until(id, WorkflowRuntimeStatus.RUNNING);
    await sidecar.restart();
    // The package's worker gives up when its first stream breaks; an app starts another.
    await startWorker();
    await eventually(async () => {
      try {
        return (await client.getWorkflowState(id, false))?.runtimeStatus === WorkflowRuntimeStatus.RUNNING;
      } catch {
        return false;
      }
    }, "the instance is there again");
    await client.raiseEvent(id, "go", "on");
    completed(await ended(id), "on");
    assert.equal(attempts, before + 2);
  });
});
