using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace EmbeddedSidecar.Tests.Conversation;

/// <summary>conversation.openai: what the model is sent, and what becomes of its answer, as daprd's library has it.</summary>
public sealed class OpenAiTests : IAsyncLifetime
{
    private const string Fine = """{"choices":[{"message":{"content":"hi"}}]}""";
    private const string User = """{"ofUser":{"content":[{"text":"hello"}]}}""";
    private static readonly HttpClient Http = new();
    private (int Status, string Body) _reply = (200, Fine);
    private JsonElement _sent;
    private HeaderDictionary _headers = [];
    private TestApp _model = null!;

    public async Task InitializeAsync() => _model = await TestApp.StartAsync(async http =>
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        _sent = body.RootElement.Clone();
        _headers = new HeaderDictionary(new Dictionary<string, StringValues>(http.Request.Headers, StringComparer.OrdinalIgnoreCase));
        http.Response.StatusCode = _reply.Status;
        await http.Response.WriteAsync(_reply.Body);
    });

    public async Task DisposeAsync() => await _model.DisposeAsync();

    [Theory]
    [InlineData("small", "", "0")]
    [InlineData("small", ""","temperature":0.5""", "0.5")]
    [InlineData("o1", ""","temperature":0.5""", "0.5")]
    [InlineData("gpt-5-nano", ""","temperature":0.5""", null)]
    [InlineData("o3-mini", ""","temperature":0.5""", null)]
    public async Task A_model_that_reasons_is_told_no_temperature_and_any_other_one_is(string model, string said, string? expected)
    {
        await using var sidecar = await StartAsync($"model: {model}");

        await ConverseAsync(sidecar, User, said);

        Assert.Equal(expected, _sent.TryGetProperty("temperature", out var temperature) ? temperature.GetRawText() : null);
    }

    [Fact]
    public async Task What_is_for_the_system_goes_to_the_user_where_the_model_has_no_system()
    {
        await using var sidecar = await StartAsync("model: o1-mini");

        await ConverseAsync(sidecar, """{"ofSystem":{"content":[{"text":"a"},{"text":"b"}]}},""" + User + """,{"ofSystem":{"content":[{"text":"c"}]}},""" + User);

        Assert.Equal(
            """[{"role":"user","content":[{"type":"text","text":"a\n\nb\n\nc\n\n"},{"type":"text","text":"hello"}]},{"role":"user","content":"hello"}]""",
            _sent.GetProperty("messages").GetRawText());
    }

    [Fact]
    public async Task The_environment_names_model_address_and_organization()
    {
        var environment = new Dictionary<string, string>
        {
            ["OPENAI_MODEL"] = "from-environment", ["OPENAI_BASE_URL"] = $"http://127.0.0.1:{_model.Port}/v9/", ["OPENAI_ORGANIZATION"] = "org",
        };
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("llm", "conversation.openai", "key: k", "model: from-file"), new AppSettings { AppId = "app", Environment = environment });

        var (status, answer) = await ConverseAsync(sidecar, User);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("from-environment", answer.GetProperty("outputs")[0].GetProperty("model").GetString());
        Assert.Equal(("from-environment", "org"), (_sent.GetProperty("model").GetString(), _headers["OpenAI-Organization"].ToString()));
    }

    [Theory]
    [InlineData("""{"type":"object","name":"n","strict":true,"title":"t","properties":{"b":{"type":"string","enum":["x",1]},"a":{"type":"array","items":{"type":"number","minimum":0}}},"required":["a"]}""",
        """{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","properties":{"a":{"type":"array","items":{"type":"number","additionalProperties":false},"additionalProperties":false},"b":{"type":"string","enum":["x","1"],"additionalProperties":false}},"additionalProperties":false,"required":["a"]}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"anyOf":[{"type":"string"}]}}}""", null)]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", null)]
    public async Task A_schema_is_cut_down_to_what_the_library_knows_or_left_out(string schema, string? expected)
    {
        await using var sidecar = await StartAsync();

        var (status, _) = await ConverseAsync(sidecar, User, $""","responseFormat":{schema}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(expected, _sent.TryGetProperty("response_format", out var format) ? format.GetRawText() : null);
    }

    [Theory]
    [InlineData("""{"type":"object"}""", "object schema must have at least one property")]
    [InlineData("""{"type":"array"}""", "array schema must specify items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"date"}}}""", "unknown schema type: \"date\"")]
    public async Task A_schema_that_says_too_little_fails(string schema, string why)
    {
        await using var sidecar = await StartAsync();

        var (status, answer) = await ConverseAsync(sidecar, User, $""","responseFormat":{schema}""");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("failed to convert structured output: invalid schema: " + why, answer.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_without_parameters_takes_an_empty_object_and_what_is_the_librarys_own_is_not_sent()
    {
        await using var sidecar = await StartAsync();

        await ConverseAsync(sidecar, User, ""","tools":[{"function":{"name":"t"}}],"metadata":{"thinking_config":"x","openai:legacy":"y"}""");

        Assert.Equal("{}", _sent.GetProperty("tools")[0].GetProperty("function").GetProperty("parameters").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("auto", _sent.GetProperty("tool_choice").GetString());
        Assert.False(_sent.TryGetProperty("metadata", out _));
    }

    [Theory]
    [InlineData("alpha2", """{"messages":[{"ofTool":{"toolId":"1","name":"t","content":[{"text":"a"},{"text":"b"}]}}]}""", "expected exactly one part for role tool, got 2")]
    [InlineData("alpha1", """{"content":"a","role":"tool"}""", "expected part of type ToolCallResponse for role tool")]
    public async Task An_answer_of_a_tool_is_one_text_to_one_call(string version, string input, string why)
    {
        await using var sidecar = await StartAsync();

        var (status, answer) = await PostAsync(sidecar, version, $$"""{"inputs":[{{input}}]}""");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains(why, answer.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"choices":[]}""", "empty response")]
    [InlineData(201, Fine, "API returned unexpected status code: 201: ")]
    [InlineData(429, """{"error":{"message":"slow down"}}""", "API returned unexpected status code: 429: slow down")]
    [InlineData(502, "<html>", "API returned unexpected status code: 502")]
    public async Task An_answer_that_is_none_is_told(int status, string body, string why)
    {
        _reply = (status, body);
        await using var sidecar = await StartAsync();

        var (answered, answer) = await ConverseAsync(sidecar, User);

        Assert.Equal(HttpStatusCode.InternalServerError, answered);
        Assert.Equal("failed conversing with component llm: " + why, answer.GetProperty("message").GetString());
    }

    // Models that count cached tokens and the like count them even when there are none.
    [Theory]
    [InlineData("""{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}""", """{"promptTokens":"5","totalTokens":"5"}""")]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""", null)]
    public async Task What_was_not_used_is_left_out(string usage, string? expected)
    {
        _reply = (200, $$$"""{"choices":[{"message":{"content":"hi"}}],"usage":{{{usage}}}}""");
        await using var sidecar = await StartAsync();

        var (_, answer) = await ConverseAsync(sidecar, User);

        Assert.Equal(expected, answer.GetProperty("outputs")[0].TryGetProperty("usage", out var told) ? told.GetRawText().Replace(" ", "", StringComparison.Ordinal) : null);
    }

    private Task<SidecarFixture> StartAsync(params string[] settings) => SidecarFixture.StartAsync(
        SidecarFixture.Component("llm", "conversation.openai", ["key: k", $"endpoint: http://127.0.0.1:{_model.Port}", .. settings]), new AppSettings { AppId = "app" });

    private static Task<(HttpStatusCode Status, JsonElement Body)> ConverseAsync(SidecarFixture sidecar, string messages, string more = "") =>
        PostAsync(sidecar, "alpha2", $$$"""{"inputs":[{"messages":[{{{messages}}}]}]{{{more}}}}""");

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(SidecarFixture sidecar, string version, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, $"/v1.0-{version}/conversation/llm/converse"), content);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }
}
