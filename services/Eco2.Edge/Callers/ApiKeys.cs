using Eco2.Contracts.Auth;

namespace Eco2.Edge.Callers;

/// <summary>API keys: <c>eco2_&lt;id&gt;_&lt;secret&gt;</c>. Only auth can tell whether one is good.</summary>
internal sealed class ApiKeys(AuthLookup auth, SidecarClient sidecar, RevokedSessions revoked, TimeProvider clock)
{
    public const string Prefix = "eco2_";
    public const string Provider = "api_key";

    /// <summary>Whatever cannot be a key is not asked about.</summary>
    public static bool CanBe(string text) =>
        text.Length is > 20 and <= 200 && text.StartsWith(Prefix, StringComparison.Ordinal) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    public bool Knows(string key) => auth.Knows(key);

    public async Task<(Verdict Verdict, Caller? Caller)> VerifyAsync(string key, CancellationToken ct)
    {
        try
        {
            return await auth.AskAsync(key, () => sidecar.Invocation(HttpMethod.Post, "auth", "/internal/keys/check"), new CheckApiKey(key), ct) switch
            {
                { KeyId: { } id } found when revoked.Contains(id) => (Verdict.Revoked, null),
                { KeyId: not null } found when found.ExpiresAt <= clock.GetUtcNow() => (Verdict.Expired, null),
                { KeyId: { } id } found => (Verdict.Valid, new Caller(found.UserId, null, Provider, Caller.List(',', found.Roles), id, Caller.List(' ', found.Scopes))),
                _ => (Verdict.Invalid, null),
            };
        }
        catch (HttpRequestException)
        {
            return (Verdict.Unknown, null);
        }
    }
}
