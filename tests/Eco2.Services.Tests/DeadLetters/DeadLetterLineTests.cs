using System.Net;
using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.DeadLetters;

[Trait("on", "each-target")]
public sealed class DeadLetterLineTests : IAsyncLifetime
{
    private readonly LetterLine line = new();

    public Task InitializeAsync() => line.InitializeAsync();

    public Task DisposeAsync() => line.DisposeAsync();

    [Fact]
    public async Task A_message_that_was_refused_is_kept_and_brought_again_by_the_schedule_until_it_is_taken()
    {
        var keeper = await line.StartKeeperAsync(attached: true);
        line.Refused["r1"] = true;

        await line.PublishAsync("r1", new { job = "x" });
        await Eventually.TrueAsync(async () => (await keeper.ListAsync("?topic=job.finished")) is [var letter] && letter.Attempts() >= 2, "the schedule replayed it twice");
        line.Refused.Clear();
        var refusals = line.Delivered.Count;
        await Eventually.TrueAsync(() => line.Delivered.Count > refusals, "it is delivered");
        await Eventually.TrueAsync(async () => (await keeper.OnlyAsync("job.finished")).State() == "replayed", "it is not coming back");

        Assert.All(line.Delivered, d => Assert.Equal(("r1", """{"job":"x"}"""), (d.Id, d.Data)));
        var content = await (await keeper.AskAsync(HttpMethod.Get, "/" + (await keeper.OnlyAsync("job.finished")).Id())).JsonAsync();
        Assert.Equal("r1", content.GetProperty("message").GetProperty("id").GetString());
        Assert.Equal("x", content.GetProperty("message").GetProperty("data").GetProperty("job").GetString());
        Assert.True(content.GetProperty("message").TryGetProperty("traceparent", out _));
    }

    [Fact]
    public async Task The_schedule_gives_up_after_its_retries_and_a_hand_can_still_replay()
    {
        var keeper = await line.StartKeeperAsync(attached: true, "DeadLetters:MaxRetries=2");
        keeper.ExpectErrors();
        line.Refused["poor"] = true;

        await line.PublishAsync("poor", 1);
        await Eventually.TrueAsync(async () => (await keeper.ListAsync("?state=exhausted")).Count == 1, "it is exhausted");
        // A fence: what is published later and retried shows that rounds were made meanwhile.
        line.Refused["fence"] = true;
        await line.PublishAsync("fence", 2);
        await Eventually.TrueAsync(async () => (await keeper.ListAsync("?state=exhausted")).Count == 2, "the fence is exhausted too");
        var deliveries = line.Delivered.Count(d => d.Id == "poor");
        var letter = (await keeper.ListAsync()).Single(l => l.GetProperty("event_id").GetString() == "poor");
        line.Refused.Clear();
        var byHand = await keeper.AskAsync(HttpMethod.Post, $"/{letter.Id()}/replay");
        await Eventually.TrueAsync(() => line.Delivered.Count(d => d.Id == "poor") == deliveries + 1, "it is delivered");

        // Two tries each of the first delivery and of two replays.
        Assert.Equal((6, 2), (deliveries, letter.Attempts()));
        Assert.Equal(HttpStatusCode.NoContent, byHand.StatusCode);
        var after = (await keeper.ListAsync("?state=replayed")).Single();
        Assert.Equal((3, Keeper.AdminId), (after.Attempts(), after.GetProperty("replayed_by").GetGuid()));
    }

    [Fact]
    public async Task Two_replicas_that_make_a_round_at_once_replay_each_letter_once()
    {
        // Not attached, so that no tick comes but ours.
        var one = await line.StartKeeperAsync(attached: false);
        var other = await line.StartKeeperAsync(attached: false);
        await one.DeliverAsync("job.finished", Enumerable.Range(0, 200).Select(i => Keeper.Envelope($"e{i}")));

        await Task.WhenAll(Enumerable.Range(0, 4).SelectMany(_ => new[] { one.RoundAsync(), other.RoundAsync() }));
        await line.PublishAsync("fence", 0);
        await Eventually.TrueAsync(() => line.Delivered.Count > 200, "all are delivered");

        Assert.Equal(201, line.Delivered.DistinctBy(d => d.Id).Count());
        Assert.Equal(201, line.Delivered.Count);
        Assert.All(await one.ListAsync("?limit=200"), l => Assert.Equal(("replayed", 1), (l.State(), l.Attempts())));
    }

    [Fact]
    public async Task Replaying_what_matches_takes_no_more_than_asked_and_nothing_twice()
    {
        var keeper = await line.StartKeeperAsync(attached: false);
        await keeper.DeliverAsync("job.finished", Enumerable.Range(0, 120).Select(i => Keeper.Envelope($"e{i}")));
        await keeper.DeliverAsync("job.events", Keeper.Envelope("other"));

        var first = await (await keeper.AskAsync(HttpMethod.Post, "/replay", """{"topic":"job.finished","limit":70}""")).JsonAsync();
        // One of them comes back at once and is not for the second request; one that waits comes once more and is.
        var gone = (await keeper.ListAsync("?state=replayed")).First().GetProperty("event_id").GetString()!;
        var waits = (await keeper.ListAsync("?state=waiting&topic=job.finished")).First().GetProperty("event_id").GetString()!;
        await keeper.DeliverAsync("job.finished", Keeper.Envelope(gone), Keeper.Envelope(waits));
        var rest = await (await keeper.AskAsync(HttpMethod.Post, "/replay", JsonSerializer.Serialize(new { topic = "job.finished", before = first.GetProperty("before").GetString() }))).JsonAsync();

        Assert.Equal((70, true), (first.GetProperty("replayed").GetInt32(), first.GetProperty("more").GetBoolean()));
        Assert.Equal((50, false), (rest.GetProperty("replayed").GetInt32(), rest.GetProperty("more").GetBoolean()));
        await Eventually.TrueAsync(() => line.Delivered.Count >= 120, "all are delivered");
        Assert.Equal(120, line.Delivered.Count);
        Assert.Equal("waiting", (await keeper.OnlyAsync("job.events")).State());
        await (await keeper.AskAsync(HttpMethod.Post, "/replay", """{"limit":501}""")).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "my");
    }

    [Fact]
    public async Task What_has_no_id_or_is_no_event_comes_back_to_its_own_row()
    {
        var keeper = await line.StartKeeperAsync(attached: true, "DeadLetters:MaxRetries=2");
        keeper.ExpectErrors();
        string[] messages = ["no event", """{"specversion":"1.0","source":"x","data":"no id"}""", """{"specversion":"1.0","id":"a\u0000b","source":"\ud800","data":"x"}"""];

        foreach (var message in messages)
        {
            await line.Publisher.PublishByteEventAsync(
                "pubsub", "character.granted", System.Text.Encoding.UTF8.GetBytes(message), "text/plain", new Dictionary<string, string> { ["rawPayload"] = "true" });
        }

        await Eventually.TrueAsync(async () => (await keeper.ListAsync("?state=exhausted")).Count == messages.Length, "all have gone round to the end");

        var letters = await keeper.ListAsync();
        Assert.All(letters, l => Assert.Equal(2, l.Attempts()));
        Assert.Equal(messages.Length, letters.Count);
    }

    [Fact]
    public async Task While_the_keeper_cannot_store_letters_stay_with_the_broker()
    {
        var keeper = await line.StartKeeperAsync(attached: true);
        keeper.ExpectErrors();
        await using var db = NpgsqlDataSource.Create(line.Postgres);
        await using (var away = db.CreateCommand("alter table my.dead_letters rename to away"))
        {
            await away.ExecuteNonQueryAsync();
        }

        line.Refused["patient"] = true;
        await line.PublishAsync("patient", 1);
        // Longer than all tries of an ordinary subscription here, by the keeper's own pauses.
        await Eventually.TrueAsync(() => line.Delivered.Count == 2, "the subscriber refused it for good");
        for (var i = 0; i < 10; i++)
        {
            Assert.NotEqual(HttpStatusCode.OK, (await keeper.AskAsync(HttpMethod.Get)).StatusCode);
            await line.PublishAsync($"meanwhile-{i}", i);
            await Eventually.TrueAsync(() => line.Delivered.Count == 3 + i, "others are delivered");
        }

        await using (var back = db.CreateCommand("alter table my.away rename to dead_letters"))
        {
            await back.ExecuteNonQueryAsync();
        }

        await Eventually.TrueAsync(async () => (await keeper.ListAsync()).Any(l => l.GetProperty("event_id").GetString() == "patient"), "the letter is stored");
    }
}
