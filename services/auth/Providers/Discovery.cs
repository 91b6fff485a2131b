using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;

namespace Eco2.Auth.Providers;

/// <summary>Where a provider wants to be called and what it signs with: from its settings, or for OpenID Connect from its discovery document.</summary>
internal sealed class Discovery(ProviderHttp http, TimeProvider clock)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenLookups = TimeSpan.FromSeconds(10);

    // One for each provider: a slow one keeps nobody else waiting.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> looking = [];
    private readonly ConcurrentDictionary<string, (Endpoints Found, DateTimeOffset At)> endpoints = [];
    private readonly ConcurrentDictionary<string, (FrozenDictionary<string, VerificationKey> Found, DateTimeOffset At)> keys = [];

    /// <param name="KeySet">Null: no OpenID Connect, the user info says who it is.</param>
    /// <param name="NamesIssuer">RFC 9207: its answers always carry <c>iss</c>.</param>
    internal sealed record Endpoints(Uri Authorization, Uri Token, Uri? UserInfo, Uri? KeySet, string? Issuer, bool NamesIssuer);

    /// <exception cref="ProviderException">It is away, or its document is not its own.</exception>
    public async Task<Endpoints> EndpointsAsync(Provider provider, CancellationToken ct)
    {
        var s = provider.Settings;
        if (s.Issuer is null)
        {
            return new Endpoints(s.AuthorizationEndpoint!, s.TokenEndpoint!, s.UserInfoEndpoint!, null, null, false);
        }

        var now = clock.GetUtcNow();
        if (endpoints.TryGetValue(provider.Id, out var known) && now - known.At < Fresh)
        {
            return known.Found;
        }

        try
        {
            var found = await DiscoverAsync(provider, s.Issuer, ct);
            endpoints[provider.Id] = (found, now);
            return found;
        }
        catch (ProviderException e) when (e.IsAway && known.Found is not null)
        {
            // What it said an hour ago is likely still so.
            return known.Found;
        }
    }

    /// <summary>A key by its id. One that is not known is looked up, but not for every forged token that comes along.</summary>
    public async Task<VerificationKey?> KeyAsync(Provider provider, Uri keySet, string id, CancellationToken ct)
    {
        var mine = looking.GetOrAdd(provider.Id, _ => new SemaphoreSlim(1));
        await mine.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            if (!keys.TryGetValue(provider.Id, out var known) || now - known.At > Fresh || (!known.Found.ContainsKey(id) && now - known.At >= BetweenLookups))
            {
                using var document = await http.GetAsync(provider.Id, keySet, null, ct);
                known = (VerificationKey.ReadAll(document.RootElement), now);
                keys[provider.Id] = known;
            }

            return known.Found.GetValueOrDefault(id);
        }
        finally
        {
            mine.Release();
        }
    }

    private async Task<Endpoints> DiscoverAsync(Provider provider, Uri issuer, CancellationToken ct)
    {
        var name = issuer.OriginalString;
        using var document = await http.GetAsync(provider.Id, new Uri(name.TrimEnd('/') + "/.well-known/openid-configuration"), null, ct);
        var said = document.RootElement;
        if (Claims.Text(said, "issuer") != name)
        {
            throw new ProviderException("The discovery document is of another issuer.");
        }

        return new Endpoints(
            Address(said, "authorization_endpoint") ?? throw new ProviderException("The discovery document names no safe authorization_endpoint."),
            Address(said, "token_endpoint") ?? throw new ProviderException("The discovery document names no safe token_endpoint."),
            null,
            Address(said, "jwks_uri") ?? throw new ProviderException("The discovery document names no safe jwks_uri."),
            name,
            said.TryGetProperty("authorization_response_iss_parameter_supported", out var names) && names.ValueKind == JsonValueKind.True);

        // An issuer elsewhere must not send us to a port of this machine.
        Uri? Address(JsonElement from, string member) =>
            Uri.TryCreate(Claims.Text(from, member), UriKind.Absolute, out var address) && ConfiguredProviders.IsSafe(address) && (address.Scheme == Uri.UriSchemeHttps || issuer.Scheme == Uri.UriSchemeHttp)
                ? address
                : null;
    }
}
