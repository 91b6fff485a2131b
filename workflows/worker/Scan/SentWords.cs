using System.Globalization;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Microsoft.Extensions.Caching.Memory;

namespace Eco2.Worker.Scan;

/// <summary>The words that came with a scan. A step reads them when it needs them, so that neither its input nor its result holds any.</summary>
internal sealed partial class SentWords(DaprClient dapr, ILogger<SentWords> logger) : IDisposable
{
    // Two steps of a scan need them, mostly the same process within seconds: what the first has read waits for the second, no longer than a scan may take.
    private static readonly MemoryCacheEntryOptions ForNextStep = new() { Size = 1, AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(3) };
    private readonly MemoryCache read = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    // As long as an accepted job may wait.
    private static readonly Dictionary<string, string> Lifetime = new()
    {
        ["ttlInSeconds"] = ((int)TimeSpan.FromHours(24).TotalSeconds).ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>The words; null when there are none, or none any more: the picture alone must do then, and the result says so.</summary>
    /// <exception cref="Dapr.DaprException">They cannot be read now.</exception>
    internal async Task<(string? Text, IReadOnlyList<string> Warnings)> ReadAsync(ScanRequested scan, CancellationToken ct)
    {
        if (!scan.HasWords)
        {
            // A workflow of the release before has them in its input.
            return (scan.UserInput, []);
        }

        if (read.TryGetValue(scan.JobId, out string? kept))
        {
            read.Remove(scan.JobId);
            return (kept, []);
        }

        var words = await dapr.GetStateAsync<ScanWords?>(JobDocument.Store, ScanWords.KeyOf(scan.JobId), ConsistencyMode.Strong, cancellationToken: ct);
        if (words is { Text: { } text } && words.UserId == scan.UserId)
        {
            read.Set(scan.JobId, text, ForNextStep);
            return (text, []);
        }

        Gone(logger, scan.JobId);
        return (null, [ScanWords.Gone]);
    }

    /// <summary>Takes the words out of a message of the release before and keeps them where they belong.</summary>
    /// <exception cref="Dapr.DaprException">They cannot be kept now.</exception>
    internal async Task<ScanRequested> TakeOutAsync(ScanRequested scan, CancellationToken ct)
    {
        if (scan.UserInput is not { Length: > 0 } text)
        {
            return scan;
        }

        await dapr.SaveStateAsync(JobDocument.Store, ScanWords.KeyOf(scan.JobId), new ScanWords(scan.UserId, text), metadata: Lifetime, cancellationToken: ct);
        return scan with { HasWords = true, UserInput = null };
    }

    public void Dispose() => read.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: the words that came with it are gone")]
    private static partial void Gone(ILogger logger, Guid jobId);
}
