using System.Collections.Concurrent;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorPlacementTests
{
    private static readonly string[] _ids = [.. Enumerable.Range(0, 40).Select(i => $"{i}")];

    [Fact]
    public async Task Replicas_share_the_actors_and_each_actor_is_at_one_of_them_whoever_calls()
    {
        await using var one = await ActorApp.StartAsync();
        await using var two = await ActorApp.StartAsync();
        await using var sidecar = await StartAsync(Replica(one), Replica(two), new AppSettings { AppId = "caller" });

        foreach (var id in _ids)
        {
            foreach (var from in sidecar.Host.Apps)
            {
                await from.CallAsync($"T/{id}", "m");
            }
        }

        var (atOne, atTwo) = (Ids(one), Ids(two));
        Assert.Equal(_ids.Length, atOne.Count + atTwo.Count);
        Assert.Empty(atOne.Intersect(atTwo));
        Assert.InRange(atOne.Count, 8, 32);
        Assert.Equal(3 * _ids.Length, one.Requests.Count + two.Requests.Count);
        Assert.Equal((atOne.Count, atTwo.Count), (await sidecar.Host.Apps[0].CountAsync(), await sidecar.Host.Apps[1].CountAsync()));
    }

    [Fact]
    public async Task A_replica_that_comes_takes_over_its_share_without_two_hosts_at_once_and_one_that_dies_gives_it_back()
    {
        await using var one = await ActorApp.StartAsync();
        await using var two = await ActorApp.StartAsync();
        var inside = new ConcurrentDictionary<string, int>();
        var twice = 0;
        one.Handle = two.Handle = async (request, _) =>
        {
            var id = request.Line.Split('/')[3];
            Interlocked.Add(ref twice, inside.AddOrUpdate(id, 1, (_, count) => count + 1) - 1);
            await Task.Yield();
            inside.AddOrUpdate(id, 0, (_, count) => count - 1);
        };
        await using var sidecar = await StartAsync(Replica(one), new AppSettings { AppId = "app", AwaitsAppPort = true }, new AppSettings { AppId = "caller" });
        await CallAllAsync(sidecar);
        Assert.Equal(_ids.Length, Ids(one).Count);

        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                await CallAllAsync(sidecar);
            }
        }).ToList();
        sidecar.Host.Apps[1].AttachApp(two.Port);
        await Eventually.TrueAsync(() => Ids(two).Count >= 8, "some have moved");
        await stop.CancelAsync();
        await Task.WhenAll(callers);

        await CallAllAsync(sidecar);
        var moved = Ids(two);
        var deactivated = one.Requests.Where(request => request.Line.StartsWith("DELETE", StringComparison.Ordinal)).Select(request => request.Line.Split('/')[3]).ToList();
        Assert.Equal(moved.Order(), deactivated.Order());
        Assert.InRange(moved.Count, 8, 32);
        Assert.Equal(0, twice);

        await two.DownAsync();
        one.Requests.Clear();
        await CallAllAsync(sidecar);
        Assert.Equal(_ids.Length, Ids(one).Count);
    }

    [Theory]
    [InlineData("true", 1)]
    [InlineData("false", 2)]
    public async Task A_call_under_way_may_end_before_its_actor_moves_or_is_broken_off_and_made_again(string drains, int calls)
    {
        var config = $$"""{"entities":["T"],"drainRebalancedActors":{{drains}},"drainOngoingCallTimeout":"20s"}""";
        await using var one = await ActorApp.StartAsync(config);
        await using var two = await ActorApp.StartAsync(config);
        var hold = new TaskCompletionSource();
        one.Handle = async (request, http) =>
        {
            if (request.Body == "hold")
            {
                await hold.Task.WaitAsync(http.RequestAborted);
            }
        };
        await using var sidecar = await StartAsync(Replica(one), new AppSettings { AppId = "app", AwaitsAppPort = true });

        // All are held, so that whichever moves has a call under way.
        var held = _ids.Select(id => sidecar["app"].CallAsync($"T/{id}", "m", "hold")).ToList();
        await Eventually.TrueAsync(() => one.Requests.Count == _ids.Length, "all are in");
        sidecar.Host.Apps[1].AttachApp(two.Port);
        await sidecar.Host.Apps[1].WaitUntilReadyAsync(CancellationToken.None);
        var queued = _ids.Select(id => sidecar["app"].CallAsync($"T/{id}", "next")).ToList();
        if (calls == 2)
        {
            await Eventually.TrueAsync(() => two.Requests.Any(request => request.Body == "hold"), "made again");
        }
        else
        {
            Assert.DoesNotContain(one.Requests, request => request.Line.StartsWith("DELETE", StringComparison.Ordinal));
        }

        hold.SetResult();
        await Task.WhenAll([.. held, .. queued]);

        var moved = Ids(two);
        Assert.NotEmpty(moved);
        Assert.Equal((calls - 1) * moved.Count, two.Requests.Count(request => request.Body == "hold"));
        Assert.Equal(moved.Count, two.Requests.Count(request => request.Line.EndsWith("/next", StringComparison.Ordinal)));
        Assert.Equal(_ids.Length - moved.Count, one.Requests.Count(request => request.Line.EndsWith("/next", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task State_follows_an_actor_and_a_sidecar_that_stops_lets_its_actors_go_first()
    {
        await using var one = await ActorApp.StartAsync();
        await using var two = await ActorApp.StartAsync();
        await using (var sidecar = await StartAsync(Replica(one), Replica(two)))
        {
            await CallAllAsync(sidecar);
            var id = Ids(two).First();
            await sidecar.Host.Apps[1].ActorAsync("POST", $"T/{id}/state", """[{"operation":"upsert","request":{"key":"k","value":7}}]""").SucceededAsync();
            await two.DownAsync();
            await sidecar["app"].CallAsync($"T/{id}", "m");
            using var read = await sidecar["app"].ActorAsync("GET", $"T/{id}/state/k");
            Assert.Equal("7", await read.Content.ReadAsStringAsync());
            one.Requests.Clear();
            await CallAllAsync(sidecar);
        }

        Assert.Equal(_ids.Length, one.Requests.Count(request => request.Line.StartsWith("DELETE", StringComparison.Ordinal)));
    }

    private static Task<string[]> CallAllAsync(SidecarFixture sidecar) =>
        Task.WhenAll(_ids.Select(id => sidecar.Host.Apps[^1].CallAsync($"T/{id}", "m")));

    private static HashSet<string> Ids(ActorApp app) =>
        [.. app.Requests.Where(request => request.Line.StartsWith("PUT", StringComparison.Ordinal)).Select(request => request.Line.Split('/')[3])];

    private static AppSettings Replica(ActorApp app) => new() { AppId = "app", AppPort = app.Port };

    private static async Task<SidecarFixture> StartAsync(params AppSettings[] apps)
    {
        var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, apps);
        foreach (var app in sidecar.Host.Apps.Zip(apps).Where(pair => !pair.Second.AwaitsAppPort))
        {
            await app.First.WaitUntilReadyAsync(CancellationToken.None);
        }

        return sidecar;
    }
}
