namespace Eco2.Gateway.Tokens;

/// <summary>Who a verified access token speaks for.</summary>
/// <param name="UserId">sub.</param>
/// <param name="SessionId">sid.</param>
/// <param name="Provider">How the user signed in.</param>
/// <param name="Roles">Comma list.</param>
/// <param name="NotBefore">nbf.</param>
/// <param name="ExpiresAt">exp.</param>
internal sealed record Identity(Guid UserId, Guid SessionId, string Provider, string Roles, DateTimeOffset NotBefore, DateTimeOffset ExpiresAt);
