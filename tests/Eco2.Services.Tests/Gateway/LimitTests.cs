using System.Net;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Limits over two replicas and a real store. The clock stands still unless a test moves it.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private Replicas replicas = null!;

    public async Task InitializeAsync() => replicas = await Replicas.StartAsync("Edge:Limits:login=3/min", "Edge:Limits:anonymous=6/min", "Edge:Limits:writes=50/min");

    public async Task DisposeAsync() => await replicas.DisposeAsync();

    [Fact]
    public async Task Two_replicas_together_let_in_as_many_as_the_limit_and_not_one_more()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => replicas.SendAsync(n % 2, HttpMethod.Post, "/api/v1/scan")));

        Assert.Equal(10, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var refused = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        await refused.IsProblemAsync(HttpStatusCode.TooManyRequests, "RATE_LIMITED", "gateway");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 140);
        Assert.Equal(("10", "0"), (refused.Headers.GetValues("RateLimit-Limit").Single(), refused.Headers.GetValues("RateLimit-Remaining").Single()));
        Assert.Equal(50, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        // Somebody else is somebody else.
        Assert.Equal(HttpStatusCode.OK, (await replicas.SendAsync(0, HttpMethod.Post, "/api/v1/scan", "01980000-0000-7000-8000-00000000000a")).StatusCode);
    }

    [Fact]
    public async Task No_minute_holds_more_than_the_limit_wherever_it_begins_and_what_was_not_spent_comes_back()
    {
        var admitted = new List<DateTimeOffset>();
        for (var step = 0; step < 100; step++)
        {
            // Both replicas hold slices that run out unspent now and then.
            for (var n = 0; n < 2; n++)
            {
                if ((await replicas.SendAsync((step + n) % 2, HttpMethod.Post, "/api/v1/scan")).StatusCode == HttpStatusCode.OK)
                {
                    admitted.Add(replicas.Clock.GetUtcNow());
                }
            }

            replicas.Clock.Advance(TimeSpan.FromSeconds(3.7));
        }

        Assert.All(admitted, begin => Assert.InRange(admitted.Count(time => time >= begin && time < begin.AddMinutes(1)), 1, 10));
        // 370 s are 5.3 windows of 70 s.
        Assert.InRange(admitted.Count, 45, 65);
    }

    [Fact]
    public async Task Who_comes_now_and_then_is_never_refused_for_what_was_not_spent()
    {
        for (var n = 0; n < 30; n++)
        {
            Assert.Equal(HttpStatusCode.OK, (await replicas.SendAsync(0, HttpMethod.Post, "/api/v1/scan")).StatusCode);
            replicas.Clock.Advance(TimeSpan.FromSeconds(8));
        }
    }

    [Fact]
    public async Task Hundreds_of_requests_cost_a_few_writes()
    {
        var answers = new List<HttpResponseMessage>();
        for (var n = 0; n < 310; n++)
        {
            answers.Add(await replicas.SendAsync(0, HttpMethod.Get, "/api/v1/users/me"));
        }

        Assert.Equal(300, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(Enumerable.Range(0, 300).Reverse().Select(left => $"{left}"), answers.Take(300).Select(answer => answer.Headers.GetValues("RateLimit-Remaining").Single()));
        await AssertWritesAsync(2, 40);
    }

    [Fact]
    public async Task Who_comes_every_few_seconds_does_not_cost_a_write_each_time()
    {
        for (var n = 0; n < 30; n++)
        {
            Assert.Equal(HttpStatusCode.OK, (await replicas.SendAsync(0, HttpMethod.Post, "/api/v1/scan")).StatusCode);
            replicas.Clock.Advance(TimeSpan.FromSeconds(11));
        }

        await AssertWritesAsync(2, 20);
    }

    [Fact]
    public async Task Whoever_comes_a_few_times_an_hour_has_the_whole_day()
    {
        for (var n = 0; n < 95; n++)
        {
            Assert.Equal(HttpStatusCode.OK, (await replicas.SendAsync(n % 2, HttpMethod.Post, "/api/v1/scan")).StatusCode);
            // Others come meanwhile, so that replicas forget the one who doesn't.
            replicas.Clock.Advance(TimeSpan.FromMinutes(13));
            await replicas.SendAsync(n % 2, HttpMethod.Get, "/api/v1/users/me", "01980000-0000-7000-8000-00000000000b");
        }
    }

    [Fact]
    public async Task A_restart_loses_at_most_a_slice()
    {
        for (var n = 0; n < 3; n++)
        {
            Assert.Equal(HttpStatusCode.OK, (await replicas.SendAsync(0, HttpMethod.Post, "/api/v1/users/me")).StatusCode);
        }

        await replicas.RestartFirstAsync();
        var after = 0;
        while (after < 60 && (await replicas.SendAsync(0, HttpMethod.Post, "/api/v1/users/me")).StatusCode == HttpStatusCode.OK)
        {
            after++;
        }

        // A fifth of fifty was taken and three of it spent.
        Assert.InRange(after, 40, 47);
    }

    [Fact]
    public async Task Signing_in_is_counted_by_address_apart_from_other_calls_without_identity()
    {
        var signIns = new List<HttpStatusCode>();
        for (var n = 0; n < 5; n++)
        {
            // Another spelling is the same route.
            signIns.Add((await replicas.SendWithoutAsync(n % 2, HttpMethod.Post, n == 1 ? "/api/v1/auth/Sign%2DIn/" : "/api/v1/auth/sign-in")).StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], signIns);
        Assert.Equal(HttpStatusCode.OK, (await replicas.SendWithoutAsync(0, HttpMethod.Get, "/api/v1/auth/providers")).StatusCode);
    }

    [Fact]
    public async Task Bad_tokens_count_for_their_address()
    {
        var answers = new List<HttpStatusCode>();
        for (var n = 0; n < 8; n++)
        {
            answers.Add((await replicas.SendWithoutAsync(n % 2, HttpMethod.Get, "/api/v1/users/me")).StatusCode);
        }

        Assert.Equal(6, answers.Count(status => status == HttpStatusCode.Unauthorized));
        Assert.Equal(2, answers.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task Without_its_store_what_costs_money_is_refused_and_the_rest_counted_alone_until_it_is_back()
    {
        await using var small = await Replicas.StartAsync("Edge:Limits:reads=4/min", "Edge:LimitsTimeout=00:00:00.5");
        await small.Target.CutStateAsync();

        await (await small.SendAsync(0, HttpMethod.Post, "/api/v1/scan")).IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        foreach (var replica in (int[])[0, 1])
        {
            for (var n = 0; n < 4; n++)
            {
                Assert.Equal(HttpStatusCode.OK, (await small.SendAsync(replica, HttpMethod.Get, "/api/v1/users/me")).StatusCode);
            }

            await (await small.SendAsync(replica, HttpMethod.Get, "/api/v1/users/me")).IsProblemAsync(HttpStatusCode.TooManyRequests, "RATE_LIMITED", "gateway");
        }

        await (await small.SendAsync(1, HttpMethod.Post, "/api/v1/scan")).IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        await small.Target.RestoreStateAsync();
        await Eventually.TrueAsync(async () => (await small.SendAsync(0, HttpMethod.Post, "/api/v1/scan")).StatusCode == HttpStatusCode.OK, "scans are counted again");
    }

    /// <summary>How often the counts of the usual caller were written, where the store counts that.</summary>
    private async Task AssertWritesAsync(int low, int high)
    {
        if (await replicas.Target.WritesAsync("limits", "limits:u:01980000000070008000000000000001") is { } writes)
        {
            Assert.InRange(writes, low, high);
        }
    }
}
