using System.Net;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.DeadLetters;

/// <summary>The keeper alone: nobody listens where its sidecar would be.</summary>
public sealed class KeepDeadLettersTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private ServiceHost host = null!;

    public async Task InitializeAsync() =>
        host = await ServiceHost.StartAsync(Eco2.My.Program.Build, await PostgresCluster.CreateDatabaseAsync(), clock, "DeadLetters:MaxRetries=2");

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_letter_that_comes_from_two_subscribers_twice_each_is_one_row()
    {
        var same = Keeper.Envelope("e1");

        await host.DeliverAsync("job.finished", same, same);
        var answer = await host.DeliverAsync("job.finished", Keeper.Envelope("e2"), same);
        await host.DeliverAsync("user.registered", same);

        Assert.Equal(["SUCCESS", "SUCCESS"], answer.GetProperty("statuses").EnumerateArray().Select(s => s.GetProperty("status").GetString()));
        Assert.Equal(["e1", "e2"], (await host.ListAsync("?topic=job.finished")).Select(l => l.GetProperty("event_id").GetString()).Order());
        var other = await host.OnlyAsync("user.registered");
        Assert.Equal(("waiting", 0, "scan", same.Length), (other.State(), other.Attempts(), other.GetProperty("source").GetString(), other.GetProperty("bytes").GetInt32()));
    }

    [Fact]
    public async Task Twenty_batches_with_the_same_letters_at_once_are_stored_once()
    {
        var letters = Enumerable.Range(0, 50).Select(i => Keeper.Envelope($"e{i}")).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.DeliverAsync("job.events", i % 2 == 0 ? letters : letters.Reverse())));

        Assert.Equal(50, (await host.ListAsync("?topic=job.events&limit=200")).Count);
    }

    [Theory]
    [InlineData("not JSON at all")]
    [InlineData("[1,2]")]
    [InlineData("")]
    [InlineData("""{"specversion":"1.0","data":1}""")]
    [InlineData("""{"specversion":"1.0","id":"a\u0000b","data":1}""")]
    [InlineData("""{"specversion":"1.0","id":"\ud800","source":"\ud800","data":1}""")]
    [InlineData("""{"specversion":"1.0","id":7,"data":1}""")]
    public async Task Whatever_is_in_a_letter_it_is_kept_and_shown_as_it_came(string message)
    {
        await host.DeliverAsync("job.cancel", message);
        await host.DeliverAsync("job.cancel", message);

        var letter = await host.OnlyAsync("job.cancel");
        var content = await (await host.AskAsync(HttpMethod.Get, "/" + letter.Id())).JsonAsync();

        Assert.StartsWith("sha256:", letter.GetProperty("event_id").GetString(), StringComparison.Ordinal);
        var kept = content.TryGetProperty("message", out var json)
            ? json.GetRawText()
            : System.Text.Encoding.UTF8.GetString(content.GetProperty("message_base64").GetBytesFromBase64());
        Assert.Equal(message, kept);
    }

    [Fact]
    public async Task A_sidecar_that_delivers_one_by_one_is_understood_too()
    {
        var wrapped = JsonSerializer.Serialize(new { specversion = "1.0", id = "of the sidecar", topic = "job.events.dead", data_base64 = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Keeper.Envelope("single"))) });

        var answer = await host.Client.PostAsync("/events/dead-letters", Answers.Json(wrapped));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("single", (await host.OnlyAsync("job.events")).GetProperty("event_id").GetString());
    }

    [Fact]
    public async Task A_batch_of_two_megabytes_is_taken()
    {
        await host.DeliverAsync("job.finished", Enumerable.Range(0, 50).Select(i => Keeper.Envelope($"big-{i}", new string('가', 10_000))));

        Assert.Equal(50, (await host.ListAsync("?topic=job.finished&limit=200")).Count);
    }

    [Fact]
    public async Task Pages_show_every_letter_once_newest_first()
    {
        for (var i = 0; i < 5; i++)
        {
            await host.DeliverAsync("job.finished", Keeper.Envelope($"e{i}"));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        var first = await (await host.AskAsync(HttpMethod.Get, "?limit=3")).JsonAsync();
        var rest = await (await host.AskAsync(HttpMethod.Get, "?limit=3&cursor=" + first.GetProperty("next_cursor").GetString())).JsonAsync();

        Assert.Equal(
            ["e4", "e3", "e2", "e1", "e0"],
            first.GetProperty("letters").EnumerateArray().Concat(rest.GetProperty("letters").EnumerateArray()).Select(l => l.GetProperty("event_id").GetString()));
        Assert.False(rest.TryGetProperty("next_cursor", out _));
        Assert.Empty(await host.ListAsync("?state=exhausted"));
        Assert.Equal(5, (await host.ListAsync("?state=waiting")).Count);
    }

    [Theory]
    [InlineData("?state=lost")]
    [InlineData("?limit=0")]
    [InlineData("?limit=201")]
    [InlineData("?cursor=x")]
    [InlineData("?topic=%00")]
    public async Task A_question_that_makes_no_sense_is_refused(string query) =>
        await (await host.AskAsync(HttpMethod.Get, query)).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "my");

    [Fact]
    public async Task Nobody_but_an_admin_sees_or_moves_anything()
    {
        await host.DeliverAsync("user.registered", Keeper.Envelope("private"));
        var id = (await host.OnlyAsync("user.registered")).Id();

        foreach (var (method, path, body) in ((HttpMethod, string, string?)[])[
            (HttpMethod.Get, "", null), (HttpMethod.Get, "/" + id, null), (HttpMethod.Post, $"/{id}/replay", null), (HttpMethod.Post, "/replay", "{}"), (HttpMethod.Delete, "/" + id, null)])
        {
            await (await host.AskAsync(method, path, body, "user,administrator")).IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "my");
        }

        await (await host.Client.GetAsync(new Uri("/api/v1/dead-letters", UriKind.Relative))).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "my");
        Assert.Equal("waiting", (await host.OnlyAsync("user.registered")).State());
    }

    [Fact]
    public async Task What_is_discarded_stays_so_when_it_comes_again_and_says_who_did_it()
    {
        await host.DeliverAsync("job.finished", Keeper.Envelope("gone"));
        var id = (await host.OnlyAsync("job.finished")).Id();

        var first = await host.AskAsync(HttpMethod.Delete, "/" + id);
        var again = await host.AskAsync(HttpMethod.Delete, "/" + id);
        await host.DeliverAsync("job.finished", Keeper.Envelope("gone"));
        await host.RoundAsync();

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first.StatusCode, again.StatusCode));
        var letter = await host.OnlyAsync("job.finished");
        Assert.Equal(("discarded", 0, Keeper.AdminId), (letter.State(), letter.Attempts(), letter.GetProperty("discarded_by").GetGuid()));
        await (await host.AskAsync(HttpMethod.Delete, $"/{Guid.CreateVersion7()}")).IsProblemAsync(HttpStatusCode.NotFound, "DEAD_LETTER_NOT_FOUND", "my");
        await (await host.AskAsync(HttpMethod.Get, $"/{Guid.CreateVersion7()}")).IsProblemAsync(HttpStatusCode.NotFound, "DEAD_LETTER_NOT_FOUND", "my");
        await (await host.AskAsync(HttpMethod.Post, $"/{Guid.CreateVersion7()}/replay")).IsProblemAsync(HttpStatusCode.NotFound, "DEAD_LETTER_NOT_FOUND", "my");
    }

    [Fact]
    public async Task What_cannot_be_published_again_stays_as_it_was_and_says_why()
    {
        await host.DeliverAsync("job.finished", Keeper.Envelope("stuck"));
        var id = (await host.OnlyAsync("job.finished")).Id();
        clock.Advance(TimeSpan.FromMinutes(5));

        var byHand = await host.AskAsync(HttpMethod.Post, $"/{id}/replay");
        await host.RoundAsync();
        var together = await (await host.AskAsync(HttpMethod.Post, "/replay", "{}")).JsonAsync();

        await byHand.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "my");
        Assert.NotNull(byHand.Headers.RetryAfter);
        Assert.Equal((0, 1), (together.GetProperty("replayed").GetInt32(), together.GetProperty("failed").GetInt32()));
        var letter = await host.OnlyAsync("job.finished");
        Assert.Equal(("waiting", 0), (letter.State(), letter.Attempts()));
        Assert.NotEmpty(letter.GetProperty("last_error").GetString()!);
    }

    [Fact]
    public async Task What_waits_is_kept_for_ever_and_the_rest_for_its_retention()
    {
        await host.DeliverAsync("job.finished", Keeper.Envelope("old"));
        await host.DeliverAsync("job.events", Keeper.Envelope("waits"));
        await host.AskAsync(HttpMethod.Delete, "/" + (await host.OnlyAsync("job.finished")).Id());

        clock.Advance(TimeSpan.FromDays(29));
        await host.RoundAsync();
        var before = (await host.ListAsync()).Count;
        clock.Advance(TimeSpan.FromDays(2));
        await host.RoundAsync();

        Assert.Equal(2, before);
        Assert.Equal("waits", Assert.Single(await host.ListAsync()).GetProperty("event_id").GetString());
    }
}
