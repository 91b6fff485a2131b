namespace Eco2.Contracts.Auth;

/// <summary>Somebody signed up.</summary>
/// <param name="UserId">The new account.</param>
/// <param name="Provider">password, google …</param>
/// <param name="HasNickname">True if a nickname was given; <c>auth</c> tells it (<see cref="AccountNickname"/>).</param>
/// <param name="RegisteredAt">UTC.</param>
/// <param name="Nickname">The nickname itself: only in messages from before there was <paramref name="HasNickname"/>.</param>
public sealed record UserRegistered(Guid UserId, string Provider, bool HasNickname, DateTimeOffset RegisteredAt, string? Nickname = null)
{
    /// <summary>Where it is published.</summary>
    public const string Topic = "user.registered";
}

/// <summary>The answer of <c>GET /internal/nicknames/{user_id}</c> of <c>auth</c>.</summary>
/// <param name="Nickname">As given at sign-up, 1 to 120 characters; null when there is none, or the account is gone.</param>
public sealed record AccountNickname(string? Nickname);

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
