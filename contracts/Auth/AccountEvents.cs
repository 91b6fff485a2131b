namespace Eco2.Contracts.Auth;

/// <summary>Somebody signed up.</summary>
/// <param name="UserId">The new account.</param>
/// <param name="Provider">password, google …</param>
/// <param name="Nickname">As given, or null.</param>
/// <param name="RegisteredAt">UTC.</param>
public sealed record UserRegistered(Guid UserId, string Provider, string? Nickname, DateTimeOffset RegisteredAt)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "user.registered";
}

/// <summary>A session ended before its tokens did. Every gateway replica must refuse its access tokens from now on.</summary>
/// <param name="SessionId">The session, claim <c>sid</c>.</param>
/// <param name="UserId">Its user.</param>
/// <param name="RevokedAt">UTC.</param>
/// <param name="ForgetAfter">When the last access token of the session has expired, UTC.</param>
public sealed record SessionRevoked(Guid SessionId, Guid UserId, DateTimeOffset RevokedAt, DateTimeOffset ForgetAfter)
{
    /// <summary>Where it is published, on the component <c>broadcast</c>.</summary>
    public const string Topic = "session.revoked";
}

/// <summary>Headers that carry the verified identity from the gateway to an app. Copies from outside are removed at the edge.</summary>
public static class IdentityHeaders
{
    /// <summary>User id, a UUID.</summary>
    public const string UserId = "X-User-Id";

    /// <summary>Session id, a UUID.</summary>
    public const string SessionId = "X-Session-Id";

    /// <summary>How the user signed in.</summary>
    public const string Provider = "X-Auth-Provider";

    /// <summary>Comma list of roles.</summary>
    public const string Roles = "X-User-Roles";

    /// <summary>What an API key may do, separated by blanks (<see cref="ApiScopes"/>). Only there when the caller came with one.</summary>
    public const string Scopes = "X-User-Scopes";
}
