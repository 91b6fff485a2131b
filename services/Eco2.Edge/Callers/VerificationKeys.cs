using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Edge.Callers;

/// <summary>The public keys of auth. A key id that is not known is looked up at once, but not for every forged token that comes along.</summary>
internal sealed partial class VerificationKeys(SidecarClient sidecar, TimeProvider clock, ILogger<VerificationKeys> logger) : IDisposable
{
    private static readonly TimeSpan BetweenLookups = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim looking = new(1);
    private FrozenDictionary<string, VerificationKey> known = FrozenDictionary<string, VerificationKey>.Empty;
    private long lastLookup;

    public bool AreKnown => known.Count > 0;

    public async ValueTask<VerificationKey?> FindAsync(string id, CancellationToken ct)
    {
        if (known.TryGetValue(id, out var key))
        {
            return key;
        }

        await looking.WaitAsync(ct);
        try
        {
            if (!known.ContainsKey(id) && clock.GetElapsedTime(lastLookup) >= BetweenLookups)
            {
                await RefreshAsync(ct);
            }
        }
        finally
        {
            looking.Release();
        }

        return known.GetValueOrDefault(id);
    }

    /// <summary>Asks auth. Keeps what it knows when auth is away.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        lastLookup = clock.GetTimestamp();
        try
        {
            using var request = sidecar.Invocation(HttpMethod.Get, "auth", "/.well-known/jwks.json");
            using var answer = await sidecar.SendAsync(request, ct);
            if (!answer.IsSuccessStatusCode)
            {
                Refused(logger, (int)answer.StatusCode);
                return;
            }

            await using var body = await answer.Content.ReadAsStreamAsync(ct);
            using var set = await JsonDocument.ParseAsync(body, cancellationToken: ct);
            known = VerificationKey.ReadSet(set.RootElement).ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException or FormatException or ArgumentException)
        {
            Away(logger, e.Message);
        }
    }

    public void Dispose() => looking.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Auth did not give its keys: {Status}")]
    private static partial void Refused(ILogger logger, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Auth could not be asked for its keys: {Why}")]
    private static partial void Away(ILogger logger, string why);
}
