using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
[Trait("on", "each-target")]
public sealed class DeadLetterTests(EcoSystem system)
{
    [Fact]
    public async Task A_message_nobody_can_read_is_listed_shown_replayed_and_discarded_by_the_operator()
    {
        var poison = $"poison-{Guid.CreateVersion7():N}";
        await PublishAsync("user.registered", poison);

        var letter = default(JsonElement);
        await Eventually.TrueAsync(async () => (letter = await FindAsync(poison)).ValueKind != JsonValueKind.Undefined, "the message is among the dead letters");
        var id = letter.GetProperty("id").GetString()!;
        var (_, shown) = await system.Eco2Async("dead-letters", "show", id);
        var (replayExit, replayed) = await system.Eco2Async("dead-letters", "replay", id);
        await Eventually.TrueAsync(async () => (letter = await FindAsync(poison)).GetProperty("state").GetString() == "waiting", "it came back");
        var attempts = letter.GetProperty("attempts").GetInt32();
        var (allExit, all) = await system.Eco2Async("dead-letters", "replay", "--all", "--topic", "user.registered");
        var (discardExit, _) = await system.Eco2Async("dead-letters", "discard", id);
        var (tableExit, table) = await system.Eco2Async("dead-letters", "list");

        Assert.Equal("waiting", letter.GetProperty("state").GetString());
        Assert.Contains(poison, shown, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0, 0), (replayExit, allExit, discardExit, tableExit));
        Assert.Contains("was published again", replayed, StringComparison.Ordinal);
        Assert.Contains("published again", all, StringComparison.Ordinal);
        Assert.Equal(1, attempts);
        Assert.Contains(id, table, StringComparison.Ordinal);
        Assert.Equal("discarded", (await FindAsync(poison)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_wrong_command_is_answered_by_one_sentence_and_others_get_no_letters()
    {
        using var user = await User.SignUpAsync(system);
        using var refused = await user.Http.GetAsync(new Uri("/api/v1/dead-letters", UriKind.Relative));
        var (missingExit, missing) = await system.Eco2Async("dead-letters", "show", Guid.CreateVersion7().ToString());
        var (neitherExit, neither) = await system.Eco2Async("dead-letters", "replay");
        var (away, nothing) = await EcoSystem.RunAsync("dotnet", EcoSystem.Command, "dead-letters", "list", "--state", Path.Combine(system.State, "nowhere"));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal((1, 1, 1), (missingExit, neitherExit, away));
        Assert.Contains("There is no such dead letter.", missing, StringComparison.Ordinal);
        Assert.Contains("--all", neither, StringComparison.Ordinal);
        Assert.Contains("Eco² is not running here", nothing, StringComparison.Ordinal);
    }

    private async Task<JsonElement> FindAsync(string text)
    {
        var (exit, output) = await system.Eco2Async("dead-letters", "list", "--json", "--topic", "user.registered");
        Assert.True(exit == 0, output);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).FirstOrDefault(l => l.GetProperty("event_id").GetString() == text);
    }

    /// <summary>As the app auth would, through its sidecar.</summary>
    private async Task PublishAsync(string topic, string id)
    {
        using var http = new HttpClient();
        var environment = await File.ReadAllTextAsync($"/proc/{system.Pid("auth")}/environ");
        http.DefaultRequestHeaders.Add("dapr-api-token", environment.Split('\0').Single(v => v.StartsWith("DAPR_API_TOKEN=", StringComparison.Ordinal))["DAPR_API_TOKEN=".Length..]);
        using var body = new StringContent("\"no registration\"", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{system.SidecarPort("auth")}/v1.0/publish/pubsub/{topic}?metadata.cloudevent.id={id}"), body);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}
