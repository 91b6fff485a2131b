using System.Collections.Frozen;
using Eco2.Contracts.Auth;
using Microsoft.Extensions.Options;

namespace Eco2.Edge.Callers;

/// <summary>Access tokens of issuers of others. Who somebody is says the issuer; which account that is, and what it may, says auth.</summary>
internal sealed class TrustedIssuers : IDisposable
{
    private const int LongestSubject = 255;

    private readonly AuthLookup auth;
    private readonly SidecarClient sidecar;
    private readonly TimeProvider clock;
    private readonly TimeSpan skew;
    private readonly FrozenDictionary<string, IssuerKeys> issuers;
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5) });

    public TrustedIssuers(AuthLookup auth, SidecarClient sidecar, IOptions<EdgeOptions> options, TimeProvider clock, ILogger<TrustedIssuers> logger)
    {
        (this.auth, this.sidecar, this.clock, skew) = (auth, sidecar, clock, options.Value.ClockSkew);
        foreach (var issuer in options.Value.Issuers)
        {
            if (issuer.Audience.Length == 0 || issuer.Issuer == options.Value.Issuer || !Uri.TryCreate(issuer.Issuer, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && !uri.IsLoopback))
            {
                throw new InvalidOperationException($"Edge:Issuers names \"{issuer.Issuer}\"; it wants an address with https and an audience.");
            }
        }

        issuers = options.Value.Issuers.ToFrozenDictionary(issuer => issuer.Issuer, issuer => new IssuerKeys(issuer, http, clock, logger), StringComparer.Ordinal);
    }

    public bool Any => issuers.Count > 0;

    public bool Names(JsonWebToken token) => token.Issuer is { } issuer && issuers.ContainsKey(issuer);

    public async Task<(Verdict Verdict, Caller? Caller)> VerifyAsync(JsonWebToken token, CancellationToken ct)
    {
        var keys = issuers[token.Issuer!];
        if (token.KeyId is not { } kid || await keys.FindAsync(kid, ct) is not { } key)
        {
            return (keys.AreKnown ? Verdict.Invalid : Verdict.Unknown, null);
        }

        var now = clock.GetUtcNow();
        if (!token.IsSignedBy(key)
            || !IsFor(token, keys.Issuer.Audience)
            // An id token says who signed in, not that the bearer may call.
            || token.Text("token_use") is not (null or "access")
            || token.Text("sub") is not { Length: > 0 and <= LongestSubject } subject
            || token.Time("exp") is not { } expiresAt
            || token.Time("nbf") - skew > now)
        {
            return (Verdict.Invalid, null);
        }

        if (now > expiresAt + skew)
        {
            return (Verdict.Expired, null);
        }

        try
        {
            var issuer = token.Issuer!;
            return await auth.AskAsync($"{issuer}\n{subject}", () => sidecar.Invocation(HttpMethod.Post, "auth", "/internal/issuers/subject"), new FindIssuerSubject(issuer, subject), ct) is { } found
                ? (Verdict.Valid, new Caller(found.UserId, null, "oidc", Caller.List(',', found.Roles)))
                : (Verdict.Invalid, null);
        }
        catch (HttpRequestException)
        {
            return (Verdict.Unknown, null);
        }
    }

    public void Dispose()
    {
        foreach (var keys in issuers.Values)
        {
            keys.Dispose();
        }

        http.Dispose();
    }

    private static bool IsFor(JsonWebToken token, string audience) =>
        token.Claims.TryGetProperty("aud", out _) ? token.IsFor(audience) : token.Text("client_id") == audience;
}
