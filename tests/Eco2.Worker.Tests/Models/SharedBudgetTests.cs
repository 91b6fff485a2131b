using Dapr.Client;
using Eco2.Testing;
using Eco2.Worker.Models;
using EmbeddedSidecar.Apps;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Eco2.Worker.Tests.Models;

/// <summary>Many calls at once, through the real clients and the state store.</summary>
[Collection("many calls")]
public sealed class SharedBudgetTests : IAsyncLifetime
{
    private FakeProvider provider = null!;

    public async Task InitializeAsync() => provider = await FakeProvider.StartAsync();

    public async Task DisposeAsync() => await provider.DisposeAsync();

    [Fact]
    public async Task Two_thousand_calls_run_at_a_time_with_the_settings_of_the_house()
    {
        const int Calls = 2000;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = 0;
        provider.Otherwise = async http =>
        {
            if (Interlocked.Increment(ref arrived) == Calls)
            {
                all.SetResult();
            }

            await all.Task;
            await FakeProvider.OpenAi("{}")(http);
        };
        using var models = Clients(Settings(new ProviderOptions { VisionModel = "", AnswerModel = "" }.Concurrency));
        var chat = (await models.ForVisionAsync("vision-model", CancellationToken.None))!.Client;

        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => chat.GetResponseAsync("?")));

        Assert.Equal(Calls, answers.Length);
    }

    [Fact]
    public async Task Two_replicas_halve_a_budget_and_the_last_one_has_it_all_again()
    {
        await using var target = await TestTarget.StartAsync();
        await using var sidecars = await target.StartSidecarsAsync([target.Read("state")], new AppSettings { AppId = "worker" });
        var go = new SemaphoreSlim(0);
        provider.Otherwise = async http =>
        {
            await go.WaitAsync(http.RequestAborted);
            await FakeProvider.OpenAi("{}")(http);
        };
        using var a = await StartReplicaAsync(sidecars["worker"]);
        using var b = await StartReplicaAsync(sidecars["worker"]);
        await Eventually.TrueAsync(
            async () => await a.Dapr.GetStateAsync<RollDocument?>(BudgetShare.Store, BudgetShare.Key) is { Beats: { Count: 2 } beats } && beats.Values.All(beat => beat > 2),
            "both have seen each other");

        var calls = Enumerable.Range(0, 8).SelectMany(_ => new[] { AskAsync(a, "a"), AskAsync(b, "b") }).ToList();
        await Eventually.TrueAsync(() => provider.Requests.Count >= 8, "as many calls as are allowed arrive");
        Assert.Equal((4, 4), (Asked("a"), Asked("b")));

        go.Release(16);
        await Task.WhenAll(calls);
        await b.StopAsync();
        // Whoever is gone is missed after a while, then the other may ask for eight at a time.
        calls = [.. Enumerable.Range(0, 8).Select(_ => AskAsync(a, "a"))];
        await Eventually.TrueAsync(() => Asked("a") == 16, "one replica has it all");
        go.Release(8);
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Retries_of_calls_that_failed_together_are_spread_over_the_whole_pause()
    {
        provider.Otherwise = FakeProvider.Status(503);
        var clock = new ManualClock();
        using var models = Clients(Settings(5000, TimeSpan.FromSeconds(10)), clock: clock);
        var chat = (await models.ForVisionAsync("vision-model", CancellationToken.None))!.Client;

        var calls = Enumerable.Range(0, 60).Select(_ => chat.GetResponseAsync("?")).ToList();
        // Each call in its pause has the limit of its step and its pause; the pauses are shorter than any other limit.
        await Eventually.TrueAsync(() => Pauses().Count == 60, "all wait for their next try");

        Assert.All(Enumerable.Range(0, 5), fifth => Assert.Contains(Pauses(), p => p >= TimeSpan.FromSeconds(2 * fifth) && p < TimeSpan.FromSeconds(2 * (fifth + 1))));
        clock.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<ModelException>(() => Task.WhenAll(calls));

        List<TimeSpan> Pauses() => [.. clock.Pending.Where(p => p <= TimeSpan.FromSeconds(10))];
    }

    private sealed record Replica(DaprClient Dapr, ModelClients Models, BudgetShare Share) : IDisposable
    {
        public Task StopAsync() => Share.StopAsync(CancellationToken.None);

        public void Dispose()
        {
            Share.Dispose();
            Models.Dispose();
            Dapr.Dispose();
        }
    }

    private async Task<Replica> StartReplicaAsync(AppSidecar sidecar)
    {
        var dapr = new DaprClientBuilder().UseHttpEndpoint(sidecar.HttpEndpoint).UseGrpcEndpoint(sidecar.GrpcEndpoint).Build();
        var options = Settings(8);
        var models = Clients(options, dapr);
        var share = new BudgetShare(dapr, models, Options.Create(options), TimeProvider.System, NullLogger<BudgetShare>.Instance);
        await share.StartAsync(CancellationToken.None);
        return new Replica(dapr, models, share);
    }

    private static async Task AskAsync(Replica replica, string name) =>
        await (await replica.Models.ForVisionAsync("vision-model", CancellationToken.None))!.Client.GetResponseAsync("?", new ChatOptions { ModelId = name });

    private int Asked(string model) => provider.Requests.Count(r => r.Body.GetProperty("model").GetString() == model);

    private ModelOptions Settings(int concurrency, TimeSpan? retryDelay = null) => new()
    {
        RetryDelay = retryDelay ?? TimeSpan.FromMilliseconds(1),
        BreakerMinimum = 1000,
        Vision = Provider.OpenAI,
        ShareEvery = TimeSpan.FromMilliseconds(50),
        OpenAI = new ProviderOptions
        {
            BaseUrl = new Uri(provider.Address, "/v1"), ApiKey = "test-key", VisionModel = "vision-model", AnswerModel = "answer-model", Concurrency = concurrency,
        },
    };

    private static ModelClients Clients(ModelOptions options, DaprClient? dapr = null, TimeProvider? clock = null) =>
        new(Options.Create(options), dapr ?? new DaprClientBuilder().Build(), Meters.Create(), clock ?? TimeProvider.System, NullLogger<ModelClients>.Instance);
}
