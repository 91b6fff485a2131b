using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Eco2.Gateway.Forwarding;

namespace Eco2.Gateway.Tokens;

/// <summary>The public keys of auth. A key id that is not known is looked up at once, but not for every forged token that comes along.</summary>
internal sealed partial class VerificationKeys(SidecarClient sidecar, TimeProvider clock, ILogger<VerificationKeys> logger) : IDisposable
{
    private static readonly TimeSpan BetweenLookups = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim looking = new(1);
    private FrozenDictionary<string, Key> known = FrozenDictionary<string, Key>.Empty;
    private long lastLookup;

    internal sealed record Key(string Id, string Algorithm, ECDsa Pair);

    public bool AreKnown => known.Count > 0;

    public async ValueTask<Key?> FindAsync(string id, CancellationToken ct)
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
            known = set.RootElement.GetProperty("keys").EnumerateArray().Select(Read).OfType<Key>().ToFrozenDictionary(k => k.Id, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException or FormatException)
        {
            Away(logger, e.Message);
        }
    }

    public void Dispose() => looking.Dispose();

    /// <summary>Keys of a kind we do not verify with are left out, so nobody can choose them.</summary>
    private static Key? Read(JsonElement key)
    {
        if (key.GetProperty("kty").GetString() != "EC" || key.GetProperty("crv").GetString() != "P-256" || key.GetProperty("alg").GetString() != "ES256")
        {
            return null;
        }

        var point = new ECPoint { X = Base64Url.DecodeFromChars(key.GetProperty("x").GetString()), Y = Base64Url.DecodeFromChars(key.GetProperty("y").GetString()) };
        return new Key(key.GetProperty("kid").GetString()!, "ES256", ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point }));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Auth did not give its keys: {Status}")]
    private static partial void Refused(ILogger logger, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Auth could not be asked for its keys: {Why}")]
    private static partial void Away(ILogger logger, string why);
}
