using Eco2.Contracts.Privacy;
using Eco2.Workflows.Privacy;

namespace Eco2.Workflows.Tests;

/// <summary>An export and a deletion, what their steps answer when all goes well, and the ways they can go.</summary>
internal static class PrivacySamples
{
    internal static readonly PrivacyRequested Export = new(
        Guid.Parse("0198c0de-0000-7000-8000-000000000011"),
        Guid.Parse("0198c0de-0000-7000-8000-000000000002"),
        "export",
        new DateTimeOffset(2026, 3, 1, 2, 3, 4, TimeSpan.Zero));

    internal static readonly PrivacyRequested Deletion = Export with { RequestId = Guid.Parse("0198c0de-0000-7000-8000-000000000012"), Kind = "deletion" };

    // A step that breaks for good takes hours or days of tries: PrivacyWorkflowTests has it, without the waits.
    internal static IReadOnlyList<Scenario> Scenarios { get; } =
    [
        new("export-done", (_, _, input) => Well(input), Request: Export),
        new("export-retried", (step, attempt, input) => step == nameof(CollectData) && attempt is 2 ? throw new HttpRequestException("the app is away") : Well(input), Request: Export),
        new("export-unwanted", (step, attempt, input) => step == nameof(CollectData) && attempt is 3 ? new Collected(0, Wanted: false) : Well(input), Request: Export),
        new("export-ended-by-deletion", (_, _, _) => null, IsCancelled: true, Request: Export),
        new("deletion-done", (_, _, input) => Well(input), Request: Deletion),
        new("deletion-retried", (step, attempt, input) => step == nameof(EraseData) && attempt is 2 or 3 ? throw new HttpRequestException("the app is away") : Well(input), Request: Deletion),
    ];

    internal static object Well(object? input) => input switch
    {
        CollectData collect => new Collected(collect.Step.Length),
        PackArchive => new Packed(2, 5_000_000),
        EraseData => new Erased(3),
        EndRequest end => new PrivacyOutcome(end.End.Status),
        _ => throw new ArgumentOutOfRangeException(nameof(input), input, null),
    };
}
