using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Every header, path, variable and method that stands in the built code of sdk/ is one that Dapr 1.18 has, so nothing is said that only the
/// embedded sidecar would understand. The lists are Dapr's own, written down by hand.</summary>
public sealed partial class WireTests
{
    // What makes code speak gRPC; names of methods are looked for there.
    private static readonly string[] Clients = ["Dapr.Client", "Dapr.Jobs", "Dapr.DistributedLock", "Dapr.Workflow"];
    private static readonly string[] Others = ["Dapr.Common", "Dapr.AspNetCore", "Dapr.Actors", "Dapr.Actors.AspNetCore", "Dapr.Workflow.Abstractions"];

    private static readonly string[] Headers =
    [
        // Of Dapr: tokens, actors (reentrancy, the two of remoting, the time to live of state), and the two words of its own refusal of an unknown method.
        "dapr-api-token", "Dapr-Reentrancy-Id", "X-DaprRequestHeader", "X-DaprErrorResponseHeader", "Metadata.ttlExpireTime", "dapr-callee-app-id", "dapr-app-id",
        // Of HTTP, gRPC and W3C.
        "user-agent", "Content-Type", "grpc-message", "grpc-status", "grpc-status-details-bin", "grpc-timeout", "grpc-trace-bin",
        // The product in user-agent.
        "dapr-sdk-dotnet",
    ];

    private static readonly string[] Paths =
    [
        // Of the sidecar, as far as they do not come from a caller.
        "/v1.0/healthz", "/v1.0/healthz/outbound", "/v1.0/invoke/", "/v1.0/actors/", "/method", "/method/", "/state", "/state/", "/reminders/", "/timers/",
        // Of the app.
        "/healthz", "/dapr/subscribe", "/dapr/config", "/job/{jobName}",
        "/actors/{actorTypeName}/{actorId}", "/actors/{actorTypeName}/{actorId}/method/{methodName}",
        "/actors/{actorTypeName}/{actorId}/method/remind/{reminderName}", "/actors/{actorTypeName}/{actorId}/method/timer/{timerName}",
    ];

    // A piece of the name that an id of a step is made from.
    private static readonly string[] NoPaths = ["/activity/"];

    private static readonly string[] Variables = ["DAPR_HTTP_ENDPOINT", "DAPR_HTTP_PORT", "DAPR_GRPC_ENDPOINT", "DAPR_GRPC_PORT", "DAPR_API_TOKEN", "APP_API_TOKEN"];

    private static readonly string[] Methods =
    [
        // dapr.proto.runtime.v1.Dapr
        "GetState", "GetBulkState", "SaveState", "DeleteState", "DeleteBulkState", "ExecuteStateTransaction", "QueryStateAlpha1", "PublishEvent", "BulkPublishEvent", "InvokeBinding",
        "GetSecret", "GetBulkSecret", "GetConfiguration", "SubscribeConfiguration", "UnsubscribeConfiguration", "TryLockAlpha1", "UnlockAlpha1", "GetMetadata", "SetMetadata",
        "ScheduleJob", "GetJob", "DeleteJob",
        // TaskHubSidecarService
        "GetWorkItems", "CompleteActivityTask", "CompleteOrchestratorTask", "StartInstance", "GetInstance", "WaitForInstanceStart", "WaitForInstanceCompletion", "RaiseEvent",
        "TerminateInstance", "SuspendInstance", "ResumeInstance", "PurgeInstances", "RerunWorkflowFromEvent", "ListInstanceIDs", "GetInstanceHistory",
    ];

    // What looks like a method and is none: the service, kinds of failures.
    private static readonly string[] NoMethods = ["TaskHubSidecarService", "ActivityNotFoundException", "WorkflowNotFound", "WorkflowNameMissing"];

    [Fact]
    public void Headers_are_those_of_Dapr() => Same(Headers, Texts([.. Clients, .. Others], Header()));

    [Fact]
    public void Paths_are_those_of_Dapr() => Same(Paths, Texts([.. Clients, .. Others], Path()).Select(path => path.StartsWith('/') ? path : "/" + path).Except(NoPaths));

    [Fact]
    public void Variables_are_those_of_Dapr() => Same(Variables, Texts([.. Clients, .. Others], Variable()));

    [Fact]
    public void Methods_are_those_of_Dapr() => Same(Methods, Texts(Clients, Method()).Except(NoMethods));

    [Fact]
    public void Services_are_those_of_Dapr() => Same(["dapr.proto.runtime.v1.Dapr", "TaskHubSidecarService"], Texts(Clients, Service()));

    private static void Same(string[] known, IEnumerable<string> found)
    {
        var texts = found.Distinct().ToArray();
        Assert.Empty(texts.Except(known));
        Assert.Empty(known.Except(texts));
    }

    /// <summary>The matches in the texts of built assemblies; a text that names a member of its own assembly (of a log, of a printed record) is none.</summary>
    private static IEnumerable<string> Texts(IEnumerable<string> assemblies, Regex wanted)
    {
        foreach (var assembly in assemblies)
        {
            using var file = new PEReader(File.OpenRead(System.IO.Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
            var metadata = file.GetMetadataReader();
            var members = metadata.TypeDefinitions.Select(type => metadata.GetString(metadata.GetTypeDefinition(type).Name))
                .Concat(metadata.MethodDefinitions.Select(method => metadata.GetString(metadata.GetMethodDefinition(method).Name)))
                .Concat(metadata.PropertyDefinitions.Select(property => metadata.GetString(metadata.GetPropertyDefinition(property).Name)))
                .Except(Methods)
                .ToHashSet(StringComparer.Ordinal);
            for (var text = MetadataTokens.UserStringHandle(1); !text.IsNil; text = metadata.GetNextHandle(text))
            {
                if (metadata.GetUserString(text) is var said && !members.Contains(said))
                {
                    foreach (Match match in wanted.Matches(said))
                    {
                        yield return match.Value;
                    }
                }
            }
        }
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+$|^Metadata\.\w+$|\bdapr(?:-[a-z]+)+\b", RegexOptions.None, 1000)]
    private static partial Regex Header();

    // Not a media type, a name of an identity's claim, or a piece of another grammar.
    [GeneratedRegex(@"^(?:/|actors/|dapr/)[A-Za-z0-9./{}]{3,}$", RegexOptions.None, 1000)]
    private static partial Regex Path();

    // Codes of errors, and the name of a warning, are written alike.
    [GeneratedRegex(@"^(?!ERR_|DAPR_DISTRIBUTEDLOCK)[A-Z0-9]+(?:_[A-Z0-9]+)+$", RegexOptions.None, 1000)]
    private static partial Regex Variable();

    // Two words at least; Hello and Shutdown are Dapr's too.
    [GeneratedRegex(@"^[A-Z][a-z]+(?:[A-Z][a-z]*)+[0-9]?$", RegexOptions.None, 1000)]
    private static partial Regex Method();

    [GeneratedRegex(@"^[a-z]+(?:\.[A-Za-z0-9]+){3,}$|^\w+Service$", RegexOptions.None, 1000)]
    private static partial Regex Service();
}
