using System.Net.Http.Headers;
using Dapr.Client;
using Microsoft.Extensions.Options;

namespace Eco2.Scan.Categories;

/// <summary>The taxonomy belongs to the worker's knowledge. It is asked for once in a while and shown meanwhile, also when the worker is away.</summary>
internal sealed partial class TaxonomyCache(DaprClient dapr, IOptions<ScanOptions> options, TimeProvider clock, ILogger<TaxonomyCache> logger) : IDisposable
{
    internal sealed record Copy(byte[] Json, EntityTagHeaderValue Version, long ReadAt);

    private readonly HttpClient worker = dapr.CreateInvokableHttpClient("worker");
    private readonly SemaphoreSlim one = new(1);
    private Copy? copy;

    /// <summary>Null only if it was never read and cannot be now.</summary>
    internal async Task<Copy?> ReadAsync(CancellationToken ct)
    {
        if (IsFresh())
        {
            return copy;
        }

        await one.WaitAsync(ct);
        try
        {
            if (!IsFresh())
            {
                await RefreshAsync(ct);
            }
        }
        finally
        {
            one.Release();
        }

        return copy;
    }

    public void Dispose() => one.Dispose();

    private bool IsFresh() => copy is { } known && clock.GetElapsedTime(known.ReadAt) < options.Value.TaxonomyLifetime;

    private async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            using var response = await worker.GetAsync(new Uri("/internal/taxonomy", UriKind.Relative), ct);
            response.EnsureSuccessStatusCode();
            var json = await response.Content.ReadAsByteArrayAsync(ct);
            copy = new Copy(json, response.Headers.ETag ?? throw new HttpRequestException("The taxonomy names no version."), clock.GetTimestamp());
        }
        catch (HttpRequestException e)
        {
            WorkerAway(logger, e, copy is not null);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The worker does not give the taxonomy; an older copy is shown: {HasCopy}")]
    private static partial void WorkerAway(ILogger logger, Exception exception, bool hasCopy);
}
