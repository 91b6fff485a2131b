using Dapr.Common;
using Dapr.Workflow;
using Dapr.Workflow.Registration;
using Eco2.Contracts.Character;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Privacy;
using Eco2.Testing;
using Eco2.Workflows.Privacy;
using Eco2.Workflows.Scan;
using EmbeddedSidecar.Apps;
using Grpc.Net.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;
using Proto = Dapr.DurableTask.Protobuf;

namespace Eco2.Workflows.Tests;

/// <summary>A way a scan can go, or an export or a deletion.</summary>
/// <param name="Name">Of its file.</param>
/// <param name="Answer">What a step answers, given its name, which try it is, and its input; null: it never does.</param>
/// <param name="IsCancelled">It is cancelled once its first step runs.</param>
/// <param name="Request">Of an export or a deletion; null for a scan.</param>
internal sealed record Scenario(string Name, Func<string, int, object?, object?> Answer, bool IsCancelled = false, PrivacyRequested? Request = null)
{
    public string Workflow => Request?.Kind switch { "export" => nameof(ExportWorkflow), "deletion" => nameof(DeletionWorkflow), _ => nameof(ScanWorkflow) };
}

/// <summary>Lets the workflow run for real, on a sidecar and with steps that answer as told, and keeps what the runtime wrote:
/// <c>ECO2_RECORD=1 ./eco2 test Workflows</c> records every scenario anew.</summary>
[Collection("histories")]
public sealed class HistoryRecorder
{
    private static readonly JobError Wordless = new("ANSWER_REFUSED", "다시 시도해 주세요.", "answer", true);

    internal static IReadOnlyList<Scenario> Scenarios { get; } =
    [
        new("scan-done", (step, _, input) => Well(step, input)),
        new("scan-retried", (step, attempt, input) => step == nameof(SeePhoto) && attempt < 3 ? throw new IOException("the sidecar is away") : Well(step, input)),
        new("scan-blind", (step, _, input) => step == nameof(SeePhoto) ? new Seen(null, ScanSamples.Blind, 5, []) : Well(step, input)),
        new("scan-wordless", (step, _, input) => Well(step, input) is Answered answered ? answered with { Answer = null, Error = Wordless } : Well(step, input)),
        new("scan-reward-late", (step, _, input) => step == nameof(GiveReward) ? new Rewarded(new Reward("pending", null, null, null)) : Well(step, input)),
        new("scan-cancelled", (_, _, _) => null, IsCancelled: true),
        .. PrivacySamples.Scenarios,
    ];

    [Fact]
    public async Task A_scenario_can_be_recorded_and_replayed()
    {
        var recorded = await RecordAsync(Scenarios.Single(scenario => scenario.Name == "scan-retried"));

        Assert.Empty(HistoryReplay.Differences(recorded, new ScanWorkflow()));
        Assert.Equal(2, recorded.Events.Count(e => e.TaskFailed is not null));
        Assert.Equal(2, recorded.Events.Count(e => e.TimerFired is not null));
    }

    [Fact]
    public async Task Scenarios_are_recorded_when_asked_for()
    {
        foreach (var scenario in Environment.GetEnvironmentVariable("ECO2_RECORD") == "1" ? Scenarios : [])
        {
            await (await RecordAsync(scenario)).SaveAsync(scenario.Name);
        }
    }

    private static object? Well(string step, object? input) => ScanSamples.Well(step, input).Item1;

    private static async Task<RecordedHistory> RecordAsync(Scenario scenario)
    {
        await using var target = await TestTarget.StartAsync();
        await using var sidecars = await target.StartSidecarsAsync([target.Read("workflow")], new AppSettings { AppId = "worker" });
        var endpoint = sidecars["worker"].GrpcEndpoint;
        var running = new TaskCompletionSource();
        using var worker = await StartWorkerAsync(endpoint, scenario, running);
        await using var client = new DaprWorkflowClientBuilder().UseGrpcEndpoint(endpoint).Build();
        var id = await client.ScheduleNewWorkflowAsync(
            scenario.Workflow, scenario.Request?.InstanceId() ?? ScanSamples.Request.JobId.ToString("D"), scenario.Request is { } request ? request : ScanSamples.Request).WaitAsync(TimeSpan.FromSeconds(60));
        if (scenario.IsCancelled)
        {
            await running.Task.WaitAsync(TimeSpan.FromSeconds(60));
            await client.TerminateWorkflowAsync(id, "cancelled");
        }

        await client.WaitForWorkflowCompletionAsync(id).WaitAsync(TimeSpan.FromSeconds(60));
        using var channel = GrpcChannel.ForAddress(endpoint);
        var invoker = new GrpcInvoker(channel, "TaskHubSidecarService", apiToken: null);
        var history = await invoker.UnaryAsync("GetInstanceHistory", new Proto.GetInstanceHistoryRequest { InstanceId = id }, Proto.GetInstanceHistoryResponse.Parser, CancellationToken.None);
        foreach (var failed in history.Events.Select(e => e.TaskFailed).OfType<Proto.TaskFailedEvent>())
        {
            // Where the recorder's own folder was is nobody's business, and differs on each machine.
            failed.FailureDetails.StackTrace = null;
        }

        return new RecordedHistory([.. history.Events]);
    }

    private static async Task<IHost> StartWorkerAsync(string endpoint, Scenario scenario, TaskCompletionSource running)
    {
        var builder = Host.CreateApplicationBuilder([$"--DAPR_GRPC_ENDPOINT={endpoint}"]);
        builder.Logging.ClearProviders();
        builder.Services.AddDaprWorkflow(options =>
        {
            var attempts = new Dictionary<string, int>(StringComparer.Ordinal);
            void Step<TInput, TOutput>(Activity<TInput, TOutput> activity) => options.RegisterActivity<TInput, TOutput>(activity.Name, async (_, input) =>
            {
                var attempt = attempts[activity.Name] = attempts.GetValueOrDefault(activity.Name) + 1;
                running.TrySetResult();
                return scenario.Answer(activity.Name, attempt, input) is TOutput output ? output : await new TaskCompletionSource<TOutput>().Task;
            });
            options.RegisterWorkflow<ScanWorkflow>();
            options.RegisterWorkflow<ExportWorkflow>();
            options.RegisterWorkflow<DeletionWorkflow>();
            Step(SeePhoto.Activity);
            Step(WriteAnswer.Activity);
            Step(GiveReward.Activity);
            Step(SettleReward.Activity);
            Step(FailScan.Activity);
            Step(CollectData.Activity);
            Step(PackArchive.Activity);
            Step(EraseData.Activity);
            Step(EndRequest.Activity);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
