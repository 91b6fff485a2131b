using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Tests.Resiliency;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Conversation;

public sealed class ConversationTests
{
    private const string Hello = """{"inputs":[{"messages":[{"ofUser":{"content":[{"text":"hello"}]}}]}]}""";
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task The_model_of_the_environment_is_asked_and_a_failed_attempt_is_repeated_by_policy()
    {
        var attempts = 0;
        var asked = "";
        await using var model = await TestApp.StartAsync(async http =>
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body);
            asked = body.RootElement.GetProperty("model").GetString()!;
            http.Response.StatusCode = ++attempts == 1 ? 503 : 200;
            await http.Response.WriteAsync("""{"choices":[{"message":{"content":"hi"}}]}""");
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("llm", "conversation.openai", "key: k", $"endpoint: http://127.0.0.1:{model.Port}") + RetryPolicy.Of("llm", "outbound", 1),
            new AppSettings { AppId = "app", Environment = new Dictionary<string, string> { ["OPENAI_MODEL"] = "from-environment" } });

        var (status, answer) = await ConverseAsync(sidecar, Hello);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, attempts);
        Assert.Equal("from-environment", asked);
        Assert.Equal("unknown", answer.GetProperty("outputs")[0].GetProperty("choices")[0].GetProperty("finishReason").GetString());
    }

    [Fact]
    public async Task A_model_that_is_away_is_an_error()
    {
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("llm", "conversation.openai", "key: k", $"endpoint: http://127.0.0.1:{ChildServer.FreePort()}"), new AppSettings { AppId = "app" });

        var (status, answer) = await ConverseAsync(sidecar, Hello);

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("ERR_CONVERSATION_INVOKE", answer.GetProperty("errorCode").GetString());
    }

    [Theory]
    [InlineData("key: k", "apiType: azure")]
    [InlineData("key: k", "cacheTTL: 10s")]
    [InlineData("model: m", "endpoint: http://127.0.0.1:1")]
    public async Task What_cannot_be_honoured_stops_the_start(string one, string other) =>
        await Assert.ThrowsAsync<SidecarConfigurationException>(() =>
            SidecarFixture.StartAsync(SidecarFixture.Component("llm", "conversation.openai", one, other), new AppSettings { AppId = "app" }));

    private static async Task<(HttpStatusCode Status, JsonElement Body)> ConverseAsync(SidecarFixture sidecar, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0-alpha2/conversation/llm/converse"), content);
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }
}
