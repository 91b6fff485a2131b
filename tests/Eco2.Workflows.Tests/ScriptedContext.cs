using System.Text.Json;
using Dapr.Workflow;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Eco2.Workflows.Tests;

/// <summary>One recorded step: which activity, with what, and what came of it.</summary>
public sealed record Step(string Activity, JsonElement Input, JsonElement? Output, string? Failure);

/// <summary>Runs a workflow against answers that are given, and keeps what it asked for.</summary>
internal sealed class ScriptedContext(DateTime startedAt, Func<string, object?, (object? Output, string? Failure)> answer) : WorkflowContext
{
    /// <summary>As the worker writes payloads.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { IncludeFields = true };

    private readonly List<Step> steps = [];

    internal IReadOnlyList<Step> Steps => steps;

    public override string Name => "ScanWorkflow";

    public override string InstanceId => "0198c0de-0000-7000-8000-000000000001";

    public override DateTime CurrentUtcDateTime => startedAt;

    public override bool IsReplaying => false;

    public override async Task<T> CallActivityAsync<T>(string name, object? input = null, WorkflowTaskOptions? options = null)
    {
        await Task.Yield();
        var sent = JsonSerializer.SerializeToElement(input, Json);
        var (output, failure) = answer(name, input);
        steps.Add(new Step(name, sent, output is null ? null : JsonSerializer.SerializeToElement(output, Json), failure));
        return failure is null ? (T)output! : throw Failed(failure);
    }

    public override bool IsPatched(string patchName) => throw new NotSupportedException();

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => throw new NotSupportedException();

    public override Task<T> WaitForExternalEventAsync<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override Task<T> WaitForExternalEventAsync<T>(string eventName, TimeSpan timeout) => throw new NotSupportedException();

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

    public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException();

    public override Task<TResult> CallChildWorkflowAsync<TResult>(string workflowName, object? input = null, ChildWorkflowTaskOptions? options = null) =>
        throw new NotSupportedException();

    public override ILogger CreateReplaySafeLogger(string categoryName) => NullLogger.Instance;

    public override ILogger CreateReplaySafeLogger(Type type) => NullLogger.Instance;

    public override ILogger CreateReplaySafeLogger<T>() => NullLogger.Instance;

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

    public override Guid NewGuid() => throw new NotSupportedException();

    public override PropagatedHistory? GetPropagatedHistory() => null;

    private static WorkflowTaskFailedException Failed(string why) => new($"Task failed: {why}", new WorkflowTaskFailureDetails("System.Net.Http.HttpRequestException", why));
}
