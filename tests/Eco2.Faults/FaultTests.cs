using System.Diagnostics;
using Xunit;

namespace Eco2.Faults;

/// <summary>Every fault in its turn, then at random, then the reckoning; people scan all the while.</summary>
[TestCaseOrderer("Eco2.Faults.InTurn", "Eco2.Faults")]
public sealed class FaultTests(FaultSystem system) : IClassFixture<FaultSystem>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // The 180 s that a job may take, and what telling its end may take when things break meanwhile.
    private static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(240);

    // A provider that failed is left alone for a while, and what it left undone waits for the local model.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(10);

    public static TheoryData<string> InTurn() => [.. Fault.All.Where(fault => fault.InShortForm || FaultPlan.FromEnvironment().IsLong).Select(fault => fault.Name)];

    [Theory]
    [MemberData(nameof(InTurn))]
    public Task Nothing_is_lost_by(string fault) => StrikeAsync(Fault.All.Single(one => one.Name == fault));

    [Fact]
    public async Task Nothing_is_lost_by_faults_at_random()
    {
        var chance = new Random(system.Plan.Seed);
        var clock = Stopwatch.StartNew();
        var steps = Fault.All.Where(fault => !fault.Name.StartsWith("clocks", StringComparison.Ordinal)).ToArray();
        while (clock.Elapsed < system.Plan.Random)
        {
            await StrikeAsync(steps[chance.Next(steps.Length)]);
        }
    }

    [Fact]
    public async Task Then_every_promise_was_kept()
    {
        var report = await system.SettleAsync(CancellationToken.None);
        system.Report.Settled(report);

        Assert.Empty(system.Traffic.Wrongs);
        Assert.Empty(report.Violations);
        Assert.Equal(0, report.Lost);
        await Delivered.CheckAsync(system.Run);
    }

    /// <summary>Strikes, waits until a newcomer is served, and holds what people saw so far against the rules.</summary>
    private async Task StrikeAsync(Fault fault)
    {
        var clock = Stopwatch.StartNew();
        var inFlight = system.Traffic.InFlight;
        var before = system.Traffic.Failed();
        var began = system.Traffic.Now;
        await fault.StrikeAsync(system, CancellationToken.None);
        var lasted = clock.Elapsed;
        var recovery = await system.RecoverAsync(Patience, CancellationToken.None);

        if (fault.MayFailJobs)
        {
            system.Traffic.Excuse(began, system.Traffic.Now + Aftermath);
        }

        var failed = system.Traffic.Failed().Except(before).ToList();
        system.Report.Struck(fault.Name, lasted, recovery, inFlight, failed.Count);
        Assert.Empty(system.Traffic.Wrongs);
        Assert.Empty(system.Traffic.Overdue(LongestLife));
        // What failed now may have met a fault before this one: a job without its model has only the local one, and nobody when that is killed too.
        Assert.Empty(failed.Where(life => !system.Traffic.IsExcused(life)).Select(life => life.Job.JobId));
    }
}
