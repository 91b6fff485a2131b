using System.ComponentModel.DataAnnotations;
using Dapr.Workflow;
using Eco2.Workflows.Scan;

namespace Eco2.Worker.Scan;

/// <summary>The scan workflow and who does its steps.</summary>
internal static class ScanSteps
{
    internal static void Map(IEndpointRouteBuilder routes)
    {
        OnScanRequested.Map(routes);
        OnScanUndelivered.Map(routes);
        OnJobCancel.Map(routes);
        GetTaxonomy.Map(routes);
    }

    internal static WorkflowRuntimeOptions Register(WorkflowRuntimeOptions options, int maxSteps)
    {
        // A step mostly waits for a model, so the places for steps bound how many jobs run. What does not get one waits in the sidecar.
#pragma warning disable CS0618 // The only limit that a worker itself has; the runtime's configuration has its own.
        options.MaxConcurrentActivities = maxSteps;
#pragma warning restore CS0618
        options.RegisterWorkflow<ScanWorkflow>(nameof(ScanWorkflow));
        options.RegisterActivity<SeePhotoActivity>(SeePhoto.Activity.Name);
        options.RegisterActivity<WriteAnswerActivity>(WriteAnswer.Activity.Name);
        options.RegisterActivity<GiveRewardActivity>(GiveReward.Activity.Name);
        options.RegisterActivity<SettleRewardActivity>(SettleReward.Activity.Name);
        options.RegisterActivity<FailScanActivity>(FailScan.Activity.Name);
        return options;
    }
}

internal sealed class ScanStepOptions
{
    internal const int DefaultMaxSteps = 6000;

    /// <summary>How long a done job waits for its reward before it says pending.</summary>
    /// <value>00:00:02</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:30")]
    public TimeSpan RewardLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Steps of jobs that run in this replica at a time.</summary>
    /// <value>6000</value>
    [Range(1, 100_000)]
    public int MaxSteps { get; init; } = DefaultMaxSteps;

    /// <summary>Photos that the local classifier gets at a time from this replica; more wait.</summary>
    /// <value>16</value>
    [Range(1, 1000)]
    public int LocalVisionConcurrency { get; init; } = 16;

    /// <summary>How long the local classifier may take.</summary>
    /// <value>00:00:20</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan LocalVisionLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a message waits for its workflow to start before the topic brings it again.</summary>
    /// <value>00:00:08</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:09")]
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(8);
}
