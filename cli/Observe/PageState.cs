using System.Text.Json.Serialization;

namespace Eco2.Cli.Observe;

/// <summary>What the page shows. Times are milliseconds since 1970.</summary>
/// <param name="System">Null until everything has started.</param>
internal sealed record PageState(
    long Now,
    IReadOnlyList<JobLine> Running,
    IReadOnlyList<JobLine> Ended,
    IReadOnlyList<StageLine> Stages,
    IReadOnlyList<TraceLine> Traces,
    SystemState? System);

/// <summary>The processes of the run and what they say of themselves.</summary>
/// <param name="Logs">The command that shows them, to be followed by an app's name or an id.</param>
/// <param name="Peers">Who answers at a port.</param>
internal sealed record SystemState(
    string Url,
    string Logs,
    IReadOnlyList<ProcessLine> Processes,
    IReadOnlyList<QueueLine> Queues,
    IReadOnlyList<Figure> Figures,
    IReadOnlyDictionary<int, string> Peers);

/// <summary>One process.</summary>
/// <param name="Kind">app, sidecar or server.</param>
/// <param name="State">ready, not ready, running (nobody asks it), or down.</param>
/// <param name="Sidecar">Whether the app's sidecar says that it is ready; null where there is none to ask.</param>
/// <param name="ReadySince">When it was last seen ready; null: never.</param>
/// <param name="Cpu">Share of one processor since the last look.</param>
/// <param name="Requests">Answered in a second, since the last look; null where nobody counts.</param>
/// <param name="Errors">Answers with 5xx since its start.</param>
internal sealed record ProcessLine(
    string Name,
    string Kind,
    int? Pid,
    string State,
    bool? Sidecar,
    long? ReadySince,
    int Restarts,
    double MemoryMb,
    double Cpu,
    double? Requests,
    double? Errors,
    int? Port);

/// <summary>What waits for one app on one topic.</summary>
/// <param name="Waiting">Not delivered yet; null: the broker does not say.</param>
/// <param name="Underway">Delivered and not acknowledged.</param>
/// <param name="AgeMs">How long the oldest of them has been there; null: nothing is, or the broker does not say.</param>
internal sealed record QueueLine(string Topic, string App, string Component, bool Dead, long? Waiting, long? Underway, double? AgeMs);

/// <summary>One of the product's own metrics, all replicas together.</summary>
internal sealed record Figure(string Name, string Labels, double Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PageState))]
[JsonSerializable(typeof(IReadOnlyList<Span>))]
internal sealed partial class PageJson : JsonSerializerContext;
