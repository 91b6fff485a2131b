using System.Collections.Concurrent;
using System.Globalization;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>One call at a time: the turns of an actor, and the chains of calls that may come back to it.</summary>
public sealed class ActorTurnTests
{
    [Fact]
    public async Task Calls_of_one_actor_take_turns_in_order_and_other_actors_do_not_wait()
    {
        await using var app = await ActorApp.StartAsync();
        var hold = new TaskCompletionSource();
        var (inside, most) = (0, 0);
        app.Handle = async (request, _) =>
        {
            if (request.Line.Contains("/T/1/", StringComparison.Ordinal))
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await (request.Body == "0" ? hold.Task : Task.CompletedTask);
                Interlocked.Decrement(ref inside);
            }
        };
        await using var sidecar = await ActorSidecar.StartAsync(app);

        var calls = new List<Task> { sidecar["app"].CallAsync("T/1", "m", "0") };
        await Eventually.TrueAsync(() => app.On("PUT /actors/T/1/method/m").Any(), "the first is in");
        calls.AddRange(Enumerable.Range(1, 20).Select(i => sidecar["app"].CallAsync("T/1", "m", $"{i}")));
        await sidecar["app"].CallAsync("T/2", "m");
        Assert.Single(app.On("PUT /actors/T/1/method/m"));
        hold.SetResult();
        await Task.WhenAll(calls);

        Assert.Equal((21, 1), (app.On("PUT /actors/T/1/method/m").Count(), most));
    }

    [Fact]
    public async Task A_reentrant_chain_goes_through_two_actors_and_back_and_no_deeper_than_allowed()
    {
        await using var app = await ActorApp.StartAsync(ActorApp.Reentrant);
        SidecarFixture sidecar = null!;
        var answers = new ConcurrentQueue<string>();
        app.Handle = async (request, _) =>
        {
            // Each call goes on to the other actor with one less.
            var left = int.Parse(request.Body, System.Globalization.CultureInfo.InvariantCulture);
            if (left > 0)
            {
                var next = request.Line.Contains("/T/1/", StringComparison.Ordinal) ? "T/2" : "T/1";
                using var answer = await sidecar["app"].ActorAsync(
                    "PUT", $"{next}/method/m", $"{left - 1}", nested => nested.Headers.Add("Dapr-Reentrancy-Id", request.Headers["Dapr-Reentrancy-Id"]));
                answers.Enqueue($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        };
        await using (sidecar = await ActorSidecar.StartAsync(app))
        {
            await sidecar["app"].CallAsync("T/1", "m", "5");
            Assert.Equal(6, app.Requests.Count);
            Assert.Single(app.Requests.Select(request => request.Headers["Dapr-Reentrancy-Id"]).Distinct());
            Assert.All(answers, answer => Assert.StartsWith("200", answer, StringComparison.Ordinal));
            answers.Clear();

            // Six and seven: the seventh would be the fourth at one actor.
            await sidecar["app"].CallAsync("T/1", "m", "6");
            Assert.Contains(answers, answer => answer.Contains("ERR_ACTOR_STACK_DEPTH", StringComparison.Ordinal));

            await sidecar["app"].CallAsync("T/1", "m", "0");
        }
    }

    [Fact]
    public async Task A_call_of_another_chain_waits_and_a_caller_that_gives_up_leaves_the_queue()
    {
        await using var app = await ActorApp.StartAsync(ActorApp.Reentrant);
        var hold = new TaskCompletionSource();
        app.Handle = (request, _) => request.Body == "hold" ? hold.Task : Task.CompletedTask;
        await using var sidecar = await ActorSidecar.StartAsync(app);

        var first = sidecar["app"].CallAsync("T/1", "m", "hold", "a");
        await Eventually.TrueAsync(() => app.Requests.Count == 1, "the first is in");
        using var patience = new CancellationTokenSource();
        var waiting = new HttpClient().PutAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/actors/T/1/method/gone"), null, patience.Token);
        var other = sidecar["app"].CallAsync("T/1", "m", "b", "b");
        await Eventually.TrueAsync(async () => await WaitingCallsAsync(sidecar) == 2, "both wait for their turn");
        await sidecar["app"].CallAsync("T/1", "m", "inside", "a");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.TrueAsync(async () => await WaitingCallsAsync(sidecar) == 1, "the sidecar saw that its caller is gone");
        Assert.Equal(["hold", "inside"], app.Requests.Select(request => request.Body));
        hold.SetResult();
        await Task.WhenAll(first, other);

        Assert.Equal(["hold", "inside", "b"], app.Requests.Select(request => request.Body));
    }

    private static async Task<int> WaitingCallsAsync(SidecarFixture sidecar)
    {
        using var scraper = new HttpClient();
        var metrics = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{sidecar["app"].MetricsPort}/metrics"));
        var line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith("dapr_runtime_actor_pending_actor_calls{", StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
