using Eco2.Auth.Accounts;
using Eco2.Auth.Auditing;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>The answer to everybody who signed in. Browsers use the cookies that come with it and may forget the body.</summary>
/// <param name="UserId">The account.</param>
/// <param name="AccessToken">For the header Authorization: Bearer.</param>
/// <param name="TokenType">Bearer.</param>
/// <param name="ExpiresIn">Seconds until the access token ends.</param>
/// <param name="RefreshToken">For POST /refresh, once.</param>
internal sealed record SignedIn(Guid UserId, string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Begins sessions and hands their tokens out.</summary>
internal sealed class SessionIssuer(AccessTokens tokens, IOptions<AuthOptions> options, TimeProvider clock)
{
    private const string InsertSession =
        """
        insert into sessions (id, account_id, provider, created_at, last_used_at, expires_at, user_agent, address, second_factor_at)
        values ($1, $2, $3, $4, $4, $5, $6, $7, $8)
        """;

    internal const string InsertToken = "insert into refresh_tokens (hash, session_id, issued_at, expires_at) values ($1, $2, $3, $4)";

    /// <summary>A session that is not yet written.</summary>
    public sealed record NewSession(
        Guid Id,
        Guid UserId,
        string Provider,
        IReadOnlyList<string> Roles,
        Caller Caller,
        RefreshToken Refresh,
        DateTimeOffset Now,
        DateTimeOffset ExpiresAt,
        DateTimeOffset? SecondFactorAt)
    {
        /// <summary>Writes it with the fact that began it.</summary>
        public void AddTo(NpgsqlBatch batch)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertSession).With(Id, UserId, Provider, Now, ExpiresAt, Caller.UserAgent, Caller.Address, SecondFactorAt));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertToken).With(Refresh.Hash, Id, Now, ExpiresAt));
            batch.BatchCommands.Add(Audit.SignedIn(UserId, Provider, Id, Caller, Now));
            if (Caller.Address is { } address)
            {
                batch.BatchCommands.Add(Attempts.RememberAddress(UserId, address, Now));
            }
        }
    }

    public NewSession Prepare(Guid userId, string provider, IReadOnlyList<string> roles, Caller caller, DateTimeOffset now, DateTimeOffset? secondFactorAt = null) =>
        new(Guid.CreateVersion7(clock.GetUtcNow()), userId, provider, roles, caller, RefreshToken.Make(), now, now + options.Value.RefreshLifetime, secondFactorAt);

    /// <summary>Cookies and body for a session that is written.</summary>
    public async Task<SignedIn> DeliverAsync(NewSession session, HttpContext http, CancellationToken ct)
    {
        var access = await tokens.SignAsync(session.UserId, session.Id, session.Provider, session.Roles, session.Now, ct);
        Cookies.Set(http, access, session.Refresh.Text, options.Value);
        return new SignedIn(session.UserId, access, "Bearer", (int)options.Value.AccessLifetime.TotalSeconds, session.Refresh.Text);
    }
}
