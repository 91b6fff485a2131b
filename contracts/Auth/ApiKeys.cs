namespace Eco2.Contracts.Auth;

/// <summary>What an API key may be allowed to do.</summary>
public static class ApiScopes
{
    /// <summary>See scans, their events, results and pictures.</summary>
    public const string ScanRead = "scan:read";

    /// <summary>Upload pictures, submit, cancel and remove scans.</summary>
    public const string ScanWrite = "scan:write";

    /// <summary>See the profile and the characters.</summary>
    public const string ProfileRead = "profile:read";

    /// <summary>All of them; a key has at least one.</summary>
    public static IReadOnlyList<string> All { get; } = [ScanRead, ScanWrite, ProfileRead];
}

/// <summary>Asks auth about a key, from app to app only.</summary>
/// <param name="Key">As the client sent it, <c>eco2_{id}_{secret}</c>.</param>
public sealed record CheckApiKey(string? Key);

/// <summary>Whose key it is; may be remembered for 5 s. A key that is revoked is told as <see cref="SessionRevoked"/> with the key's id.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="UserId">Its user.</param>
/// <param name="Roles">Never <c>admin</c> or <c>owner</c>.</param>
/// <param name="Scopes">Of <see cref="ApiScopes"/>, one or more.</param>
/// <param name="ExpiresAt">UTC; null if it does not expire.</param>
public sealed record ApiKeyOwner(Guid KeyId, Guid UserId, IReadOnlyList<string> Roles, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt);

/// <summary>Asks auth for the user of an accepted issuer, from app to app only. The token was verified before.</summary>
/// <param name="Issuer">Claim <c>iss</c>.</param>
/// <param name="Subject">Claim <c>sub</c>, 1 to 255 characters.</param>
public sealed record FindIssuerSubject(string? Issuer, string? Subject);

/// <summary>The user that stands for somebody of an accepted issuer, made at the first call.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Roles">Roles.</param>
public sealed record IssuerSubject(Guid UserId, IReadOnlyList<string> Roles);
