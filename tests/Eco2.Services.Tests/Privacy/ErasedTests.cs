using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>A user who was deleted stays deleted, whatever arrives late.</summary>
public sealed class ErasedTests : IAsyncLifetime
{
    private readonly Guid user = MyApp.NewId();
    private readonly Guid other = MyApp.NewId();
    private MyApp my = null!;

    public async Task InitializeAsync() => my = await MyApp.StartAsync();

    public async Task DisposeAsync() => await my.DisposeAsync();

    [Fact]
    public async Task Messages_that_come_after_the_erasure_are_taken_and_leave_no_row()
    {
        await TellEverythingAsync(user);
        await TellEverythingAsync(other);
        var before = await RowsAsync(user);

        var removed = await EraseAsync();
        await TellEverythingAsync(user);
        using var late = await my.SendAsync(HttpMethod.Patch, "/api/v1/users/me/settings", user, """{"consents":{"analytics":true}}""", "\"0\"");

        Assert.Equal((4L, 4L), (before, await RowsAsync(other)));
        Assert.Equal(0, await RowsAsync(user));
        Assert.Equal((1L, 1L, 1L, 1L), (removed["profiles"], removed["characters"], removed["scans"], removed["settings"]));
        Assert.False(late.IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_batch_with_a_deleted_user_in_it_still_counts_for_the_others()
    {
        await EraseAsync();

        string[] messages = [JsonSerializer.Serialize(Finished(user)), JsonSerializer.Serialize(Finished(other))];
        var entries = messages.Select((m, i) => $$$"""{"entryId":"{{{i}}}","contentType":"application/cloudevents+json","metadata":{},"event":{"specversion":"1.0","id":"{{{i}}}","data":{{{m}}}}}""");
        var answer = await MyApp.DeliverAsync(my.Host, "job-finished", $$"""{"id":"x","topic":"t","pubsubname":"pubsub","entries":[{{string.Join(',', entries)}}]}""", "application/json");

        Assert.All(answer.GetProperty("statuses").EnumerateArray(), status => Assert.Equal("SUCCESS", status.GetProperty("status").GetString()));
        Assert.Equal((0L, 1L), (await RowsAsync(user), await RowsAsync(other)));
    }

    [Fact]
    public async Task A_second_erasure_is_harmless_and_tells_the_same_numbers()
    {
        await TellEverythingAsync(user);
        await TellEverythingAsync(other);
        // More than one bite of the eraser.
        for (var i = 0; i < 250; i++)
        {
            await my.DeliverBatchAsync("job-finished", Finished(user));
        }

        var first = await EraseAsync();
        var again = await Task.WhenAll(EraseAsync(), EraseAsync());
        var never = await EraseAsync(MyApp.NewId());

        Assert.Equal(251, first["scans"]);
        Assert.All(again, numbers => Assert.Equal(first, numbers));
        Assert.Empty(never);
        Assert.Equal(4, await RowsAsync(other));
    }

    [Fact]
    public async Task Erasures_at_once_count_each_row_once()
    {
        await TellEverythingAsync(user);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => EraseAsync()));

        Assert.Equal([1L, 1, 1, 1], (await EraseAsync()).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => kind.Value));
        Assert.Equal(0, await RowsAsync(user));
    }

    [Fact]
    public async Task Closing_a_user_keeps_rows_and_refuses_new_ones()
    {
        await my.DeliverAsync("user-registered", Registered(user));
        for (var i = 0; i < 2; i++)
        {
            using var closed = await my.SendAsync(HttpMethod.Put, $"/internal/users/{user:D}/closed");
            Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        }

        await my.DeliverBatchAsync("character-granted", Granted(user));

        Assert.Equal(1, await RowsAsync(user));
    }

    private static object Registered(Guid who) => new { user_id = who, provider = "password", nickname = "에코", registered_at = "2026-03-01T00:00:00Z" };

    private static object Granted(Guid who) => new
    {
        ownership_id = MyApp.NewId(), user_id = who, character = new { code = "char-petty", name = "페티", type = "t", dialog = "d", image_url = "/i" }, source = "scan", acquired_at = "2026-03-01T00:00:00Z",
    };

    private static object Finished(Guid who) => new { job_id = MyApp.NewId(), user_id = who, kind = "scan", status = "succeeded", finished_at = "2026-03-01T00:00:00Z" };

    private async Task TellEverythingAsync(Guid who)
    {
        var registered = await my.DeliverAsync("user-registered", Registered(who));
        Assert.Equal("SUCCESS", registered.GetProperty("status").GetString());
        foreach (var (route, message) in new[] { ("character-granted", Granted(who)), ("job-finished", Finished(who)) })
        {
            var answer = await my.DeliverBatchAsync(route, message);
            Assert.Equal("SUCCESS", answer.GetProperty("statuses")[0].GetProperty("status").GetString());
        }

        using var settings = await my.SendAsync(HttpMethod.Patch, "/api/v1/users/me/settings", who, """{"retention":{"result_days":9}}""", "*");
    }

    private Task<Dictionary<string, long>> EraseAsync() => EraseAsync(user);

    private async Task<Dictionary<string, long>> EraseAsync(Guid who)
    {
        using var answer = await my.SendAsync(HttpMethod.Delete, $"/internal/users/{who:D}/data");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("removed").Deserialize<Dictionary<string, long>>()!;
    }

    private Task<long> RowsAsync(Guid who) => my.Db.ScalarAsync<long>(
        string.Join(" + ", ((string[])["profiles", "characters", "scans", "settings", "exports"]).Select(table => $"(select count(*) from {table} where user_id = '{who}')")).Insert(0, "select "));
}
