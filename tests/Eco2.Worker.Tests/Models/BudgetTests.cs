using Eco2.Worker.Models;
using Xunit;

namespace Eco2.Worker.Tests.Models;

/// <summary>How calls share what a provider allows.</summary>
public sealed class BudgetTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly ManualClock clock = new();

    [Fact]
    public async Task So_many_calls_run_at_a_time_and_the_others_follow_in_their_order()
    {
        using var budget = Budget(concurrency: 2);
        var calls = Enumerable.Range(0, 4).Select(_ => Enter(budget)).ToList();
        Assert.Equal(2, budget.Running);

        (await calls[1]).Answered(10);

        await calls[2];
        Assert.False(calls[3].IsCompleted);
        Assert.Equal(2, budget.Running);
        (await calls[0]).Failed();
        (await calls[3]).Answered(null);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1000)]
    public async Task No_minute_sees_more_calls_than_allowed_and_most_of_them_are_used(int perMinute)
    {
        using var budget = Budget(requestsPerMinute: perMinute);
        var at = await EnterManyAsync(budget, 4 * perMinute);

        Assert.All(at, began => Assert.InRange(at.Count(other => other >= began && other < began + Minute), 0, perMinute));
        Assert.True(at.Count > 3.5 * perMinute, $"{at.Count} calls in four minutes");
    }

    [Fact]
    public async Task No_minute_sees_more_tokens_than_allowed_by_the_providers_own_count()
    {
        using var budget = Budget(tokensPerMinute: 60_000);

        // Estimated at 100, every call costs 1,000.
        var at = await EnterManyAsync(budget, 300, used: 1000);

        Assert.All(at, began => Assert.InRange(at.Count(other => other >= began && other < began + Minute), 0, 61));
        Assert.True(at.Count > 200, $"{at.Count} calls in four minutes");
    }

    [Fact]
    public async Task What_was_estimated_too_high_is_given_back()
    {
        using var budget = Budget(tokensPerMinute: 60_000);

        var at = await EnterManyAsync(budget, 5000, used: 20, estimate: 1000);

        Assert.True(at.Count > 2000, $"{at.Count} calls in four minutes; by the estimate it would be 240");
    }

    [Fact]
    public async Task A_429_pauses_everybody_for_as_long_as_it_asks_and_then_fewer_go_at_a_time()
    {
        using var budget = Budget(concurrency: 8);
        var first = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Enter(budget)));
        first[0].TooMany(TimeSpan.FromSeconds(10));
        Array.ForEach(first[1..], place => place.TooMany(null));

        var calls = Enumerable.Range(0, 12).Select(_ => Enter(budget)).ToList();
        clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, budget.Running);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(4, budget.Running);

        // Each good answer makes room for one more.
        (await calls[0]).Answered(1);
        Assert.Equal(5, budget.Running);
    }

    [Fact]
    public async Task What_would_wait_for_too_long_is_refused_at_once()
    {
        using var budget = Budget(requestsPerMinute: 20);
        var calls = Enumerable.Range(0, 10).Select(_ => Enter(budget)).ToList();

        var over = await Assert.ThrowsAsync<ModelException>(() => budget.EnterAsync(1, TimeSpan.FromSeconds(20), CancellationToken.None).AsTask());

        Assert.Equal(ModelFailure.OverBudget, over.Why);
        clock.Advance(TimeSpan.FromSeconds(40));
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Who_leaves_the_queue_costs_nothing()
    {
        using var budget = Budget(concurrency: 1);
        var first = await Enter(budget);
        using var leaves = new CancellationTokenSource();
        var second = budget.EnterAsync(1, Minute, leaves.Token).AsTask();
        var third = Enter(budget);

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Answered(1);

        await third;
        Assert.Equal(1, budget.Running);
    }

    [Fact]
    public void Two_replicas_take_half_each_and_one_takes_all_again()
    {
        using var budget = Budget(concurrency: 10, requestsPerMinute: 600);
        budget.Share(2);
        for (var i = 0; i < 10; i++)
        {
            _ = Enter(budget);
        }

        Assert.Equal(5, budget.Running);

        budget.Share(1);

        Assert.Equal(10, budget.Running);
    }

    [Fact]
    public void A_replica_is_counted_while_its_number_grows_whatever_its_clock_says()
    {
        var (a, b) = (new ReplicaRoll("a", TimeSpan.FromSeconds(20), clock), new ReplicaRoll("b", TimeSpan.FromSeconds(20), clock));
        var roll = b.Next(a.Next(null));
        Assert.Equal((1, 2), (a.Living, b.Living));
        roll = a.Next(roll);
        Assert.Equal(2, a.Living);

        // b says nothing any more.
        for (var i = 0; i < 5; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            roll = a.Next(roll);
        }

        Assert.Equal(1, a.Living);
        Assert.Equal(["a"], roll.Beats.Keys);
    }

    private static Task<ProviderBudget.Place> Enter(ProviderBudget budget) => budget.EnterAsync(100, Minute, CancellationToken.None).AsTask();

    private ProviderBudget Budget(int concurrency = 100_000, int requestsPerMinute = 0, int tokensPerMinute = 0) =>
        new(new BudgetLimits(concurrency, requestsPerMinute, tokensPerMinute, 100_000), clock);

    /// <summary>Sends calls that take no time for four minutes; returns when each began.</summary>
    private async Task<List<DateTimeOffset>> EnterManyAsync(ProviderBudget budget, int count, int used = 1, int estimate = 100)
    {
        var began = new List<DateTimeOffset>();
        var end = clock.GetUtcNow() + (4 * Minute);
        while (began.Count < count && clock.GetUtcNow() < end)
        {
            var call = budget.EnterAsync(estimate, TimeSpan.FromHours(1), CancellationToken.None).AsTask();
            while (budget.Running == 0 && clock.GetUtcNow() < end)
            {
                clock.Advance(TimeSpan.FromMilliseconds(20));
            }

            if (budget.Running == 1)
            {
                began.Add(clock.GetUtcNow());
                (await call).Answered(used);
            }
        }

        return began;
    }
}
