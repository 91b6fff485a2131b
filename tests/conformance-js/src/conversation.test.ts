import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { call, rawGrpc } from "./clients.js";
import { component, Sidecar } from "./processes.js";
import { RawApp, type Reply } from "./raw-app.js";

// The package has no conversation client: these are the messages it brings, and the HTTP API.
let model: RawApp;
let sidecar: Sidecar;
let reply: Reply;
before(async () => {
  model = await RawApp.start();
  model.handle = () => reply;
  sidecar = await Sidecar.start(
    [{ appId: "app" }],
    component("echo", "conversation.echo") + component("llm", "conversation.openai", { key: "secret", model: "small", endpoint: `http://127.0.0.1:${model.port}/some/v1` }),
  );
});
after(async () => {
  await sidecar.stop();
  await model.stop();
});

const user = (text: string): object => ({ ofUser: { content: [{ text }] } });
const weather = { function: { name: "get_weather", description: "tells the weather", parameters: { type: "object", properties: { unit: { type: "string" }, city: { type: "string" } } } } };
const converse = (name: string, body: object, version = "v1.0-alpha2") => call(sidecar, "POST", `/${version}/conversation/${name}/converse`, body);

describe("conversation.echo", () => {
  test("says what it was told", async () => {
    const messages = [{ ofSystem: { content: [{ text: "Be brief" }] } }, { ofDeveloper: { content: [{ text: "d" }] } }, user("Hi there you")];
    const { status, json } = await converse("echo", { inputs: [{ messages }], contextId: "c1" });
    assert.equal(status, 200);
    assert.deepEqual(json, {
      contextId: "c1",
      outputs: [{ choices: [{ finishReason: "stop", message: { content: "Be brief\nd\nHi there you" } }], usage: { completionTokens: "6", promptTokens: "6", totalTokens: "12" } }],
    });
  });

  test("calls every tool and repeats those that were called", async () => {
    const messages = [
      user("weather?"),
      { ofAssistant: { content: [{ text: "asking" }], toolCalls: [{ id: "x1", function: { name: "older", arguments: "{}" } }] } },
      { ofTool: { toolId: "x1", name: "older", content: [{ text: "sunny" }] } },
    ];
    const [output] = (await converse("echo", { inputs: [{ messages }], tools: [weather, { function: { name: "plain" } }] })).json.outputs;
    assert.deepEqual(output.choices, [
      {
        finishReason: "tool_calls",
        message: {
          content: "weather?\nasking\nTool Response for tool ID 'x1' with name 'older': sunny",
          toolCalls: [
            { id: "0", function: { name: "get_weather", arguments: "city,unit" } },
            { id: "1", function: { name: "plain" } },
            { id: "x1", function: { name: "older", arguments: "{}" } },
          ],
        },
      },
    ]);
  });

  test("answers the first version too", async () => {
    const { json } = await converse("echo", { inputs: [{ content: "a", role: "tool" }, { content: "b" }], contextID: "c", parameters: { p: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "v" } } }, "v1.0-alpha1");
    assert.deepEqual(json, { contextID: "c", outputs: [{ result: "a\nb", parameters: { p: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "v" } } }] });
  });

  test("answers over gRPC", async () => {
    const { outputs } = await rawGrpc(sidecar.of()).converseAlpha2({
      name: "echo",
      inputs: [{ messages: [{ messageTypes: { case: "ofUser", value: { content: [{ text: "one two" }] } } }] }],
    });
    const [choice] = outputs[0]!.choices;
    assert.deepEqual([choice!.message!.content, choice!.finishReason], ["one two", "stop"]);
    assert.equal((await rawGrpc(sidecar.of()).converseAlpha1({ name: "echo", inputs: [{ content: "old" }] })).outputs[0]!.result, "old");
  });
});

describe("conversation.openai", () => {
  test("asks the endpoint as OpenAI wants it, and brings back choices, tool calls and usage", async () => {
    reply = {
      body: {
        choices: [
          { index: 0, finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls: [{ id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Seoul"}' } }] } },
          { index: 1, finish_reason: "stop", message: { role: "assistant", content: "rain" } },
        ],
        usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12, completion_tokens_details: { reasoning_tokens: 3 } },
      },
    };
    const messages = [
      { ofSystem: { content: [{ text: "s1" }, { text: "s2" }] } },
      user("weather?"),
      { ofAssistant: { toolCalls: [{ id: "c0", function: { name: "get_weather", arguments: "{}" } }] } },
      { ofTool: { toolId: "c0", name: "get_weather", content: [{ text: "none" }] } },
    ];
    const { json } = await converse("llm", { inputs: [{ messages }], tools: [weather], toolChoice: "get_weather", temperature: 0.5, metadata: { m: "1" }, responseFormat: { type: "object", properties: { city: { type: "string" } } } });
    const { url, headers, json: sent } = model.inbox.items.at(-1)!;
    assert.deepEqual([url, headers["authorization"], headers["content-type"]], ["/some/v1/chat/completions", "Bearer secret", "application/json"]);
    assert.deepEqual(sent, {
      model: "small",
      messages: [
        { role: "system", content: [{ type: "text", text: "s1" }, { type: "text", text: "s2" }] },
        { role: "user", content: "weather?" },
        { role: "assistant", content: "", tool_calls: [{ id: "c0", type: "function", function: { name: "get_weather", arguments: "{}" } }] },
        { role: "tool", content: "none", tool_call_id: "c0" },
      ],
      temperature: 0.5,
      tools: [{ type: "function", function: weather.function }],
      tool_choice: "get_weather",
      response_format: { type: "json_schema", json_schema: { name: "response", strict: false, schema: { type: "object", properties: { city: { type: "string", additionalProperties: false } }, additionalProperties: false } } },
      metadata: { m: "1" },
    });
    const usage = { completionTokens: "7", promptTokens: "5", totalTokens: "12", completionTokensDetails: { reasoningTokens: "3" } };
    assert.deepEqual(json.outputs, [
      { choices: [{ finishReason: "tool_calls", message: { toolCalls: [{ id: "call_1", function: { name: "get_weather", arguments: '{"city":"Seoul"}' } }] } }], model: "small", usage },
      { choices: [{ finishReason: "stop", index: "1", message: { content: "rain" } }], model: "small", usage },
    ]);
  });

  test("a model that refuses, or talks nonsense, is an error with its words", async () => {
    reply = { status: 429, body: { error: { message: "slow down" } } };
    const refused = await converse("llm", { inputs: [{ messages: [user("x")] }] });
    assert.deepEqual([refused.status, refused.json.errorCode], [500, "ERR_CONVERSATION_INVOKE"]);
    assert.match(refused.json.message, /429: slow down/);
    reply = { body: "not JSON" };
    assert.equal((await converse("llm", { inputs: [{ messages: [user("x")] }] })).json.errorCode, "ERR_CONVERSATION_INVOKE");
  });
});

test("what is missing, unknown or not done is refused", async () => {
  const asked = { inputs: [{ messages: [user("x")] }] };
  const cases = [
    ["nobody", asked, "ERR_CONVERSATION_NOT_FOUND", /^failed finding conversation component nobody$/],
    ["echo", {}, "ERR_CONVERSATION_MISSING_INPUTS", /missing inputs in request/],
    ["echo", { inputs: [{ messages: [{}] }] }, "ERR_CONVERSATION_INVALID_PARMS", /message type cannot be nil/],
    ["echo", { ...asked, toolChoice: "required" }, "ERR_CONVERSATION_INVALID_PARMS", /tool choice must be/],
    ["echo", { ...asked, tools: [weather], toolChoice: "other" }, "ERR_CONVERSATION_INVALID_PARMS", /tool choice selected was not found/],
    ["echo", { ...asked, scrubPii: true }, "ERR_CONVERSATION_INVALID_PARMS", /not supported by the embedded sidecar/],
  ] as const;
  for (const [name, body, errorCode, message] of cases) {
    const refused = await converse(name, body);
    assert.deepEqual([refused.status, refused.json.errorCode], [400, errorCode]);
    assert.match(refused.json.message, message);
  }
  await assert.rejects(
    () => rawGrpc(sidecar.of()).converseAlpha2({ name: "nobody" }),
    (error) => (error as ConnectError).code === Code.InvalidArgument,
  );
});
