using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Eco2.Edge.Callers;

/// <summary>The keys of one trusted issuer, found by OpenID Connect Discovery and kept for an hour; an unknown key id is looked up at most every 30 s.</summary>
internal sealed partial class IssuerKeys(TrustedIssuer issuer, HttpMessageInvoker http, TimeProvider clock, ILogger logger) : IDisposable
{
    private const int MostBytes = 256 * 1024;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenLookups = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim looking = new(1);
    private FrozenDictionary<string, VerificationKey> known = FrozenDictionary<string, VerificationKey>.Empty;
    private long? found;
    private long? asked;

    public TrustedIssuer Issuer => issuer;

    /// <summary>False until the issuer was heard once.</summary>
    public bool AreKnown => found is not null;

    public async ValueTask<VerificationKey?> FindAsync(string id, CancellationToken ct)
    {
        if (known.TryGetValue(id, out var key) && found is { } at && clock.GetElapsedTime(at) < Fresh)
        {
            return key;
        }

        await looking.WaitAsync(ct);
        try
        {
            var mayAsk = asked is not { } last || clock.GetElapsedTime(last) >= BetweenLookups;
            if (mayAsk && (!known.ContainsKey(id) || found is not { } then || clock.GetElapsedTime(then) >= Fresh))
            {
                asked = clock.GetTimestamp();
                await RefreshAsync(ct);
            }
        }
        finally
        {
            looking.Release();
        }

        return known.GetValueOrDefault(id);
    }

    public void Dispose() => looking.Dispose();

    private async Task RefreshAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var about = await GetAsync(new Uri(issuer.Issuer.TrimEnd('/') + "/.well-known/openid-configuration"), limit.Token);
            // Who answers under this address must be who it says, or the keys of one could sign for another.
            if (about.RootElement.GetProperty("issuer").GetString() != issuer.Issuer
                || !Uri.TryCreate(about.RootElement.GetProperty("jwks_uri").GetString(), UriKind.Absolute, out var address)
                || (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback))
            {
                Wrong(logger, issuer.Issuer);
                return;
            }

            using var set = await GetAsync(address, limit.Token);
            known = VerificationKey.ReadSet(set.RootElement).ToFrozenDictionary(key => key.Id, StringComparer.Ordinal);
            found = clock.GetTimestamp();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException
            or FormatException or ArgumentException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // What is known stays good: keys change seldom.
            Away(logger, issuer.Issuer, e.Message);
        }
    }

    private async Task<JsonDocument> GetAsync(Uri address, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        using var answer = await http.SendAsync(request, ct);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"{address} says {(int)answer.StatusCode}.");
        }

        await answer.Content.LoadIntoBufferAsync(MostBytes, ct);
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(ct));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Issuer} says that it is another, or that its keys are where nobody can trust them")]
    private static partial void Wrong(ILogger logger, string issuer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Issuer} could not be asked for its keys: {Why}")]
    private static partial void Away(ILogger logger, string issuer, string why);
}
