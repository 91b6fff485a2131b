using Eco2.Contracts.Privacy;

namespace Eco2.Workflows.Privacy;

/// <summary>One step of an export: fetch what one app knows.</summary>
public sealed record CollectData(PrivacyRequested Request, string Step)
{
    public static readonly Activity<CollectData, Collected> Activity = new(nameof(CollectData));
}

/// <param name="Pages">How many objects it was written to.</param>
/// <param name="Wanted">False when nobody waits for the export any more: its user is being deleted.</param>
public sealed record Collected(int Pages, bool Wanted = true);

/// <summary>Makes the archive of what was collected.</summary>
/// <param name="Request">The request.</param>
/// <param name="Pages">Objects of each step, in the order of the steps.</param>
public sealed record PackArchive(PrivacyRequested Request, IReadOnlyList<int> Pages)
{
    public static readonly Activity<PackArchive, Packed> Activity = new(nameof(PackArchive));
}

/// <param name="Parts">Objects that make it up.</param>
/// <param name="Bytes">Its size.</param>
public sealed record Packed(int Parts, long Bytes);

/// <summary>One step of a deletion: take out what one app knows.</summary>
public sealed record EraseData(PrivacyRequested Request, string Step)
{
    public static readonly Activity<EraseData, Erased> Activity = new(nameof(EraseData));
}

/// <param name="Things">How many things were taken out, in all tries.</param>
public sealed record Erased(long Things);

/// <summary>Tells how the request ended.</summary>
public sealed record EndRequest(PrivacyRequested Request, PrivacyEnd End)
{
    public static readonly Activity<EndRequest, PrivacyOutcome> Activity = new(nameof(EndRequest));
}

/// <summary>How the workflow ended.</summary>
/// <param name="Status">succeeded, failed or unwanted.</param>
public sealed record PrivacyOutcome(string Status);
