using Eco2.Auth.Accounts;
using Eco2.Auth.SecondFactor;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Jobs;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Providers;

/// <summary>A session for whoever a provider vouches for. An account is found by the provider's own id of the person and by nothing else: an e-mail
/// address that an account has already is a reason to refuse, never to merge, or whoever gets hold of it elsewhere would get the account.</summary>
internal sealed class SignInByProvider(NpgsqlDataSource db, SessionIssuer sessions, Admins admins, Outbox outbox, TimeProvider clock)
{
    private sealed record Account(Guid Id, string? Email, string[] Roles, bool SecondFactor, bool IsDeleted);

    private const string Find =
        """
        select a.id, a.email, a.roles, a.totp_on_at is not null, a.deleted_at is not null
        from social_accounts s join accounts a on a.id = s.account_id where s.provider = $1 and s.provider_user_id = $2
        """;

    private const string IsTaken = "select 1 from accounts where email = normalize($1)";

    // Only an address that the provider verified becomes the account's: with any other, somebody could take a stranger's first.
    private const string InsertAccount =
        """
        insert into accounts (id, email, email_verified_at, nickname, created_at, last_login_at)
        values ($1, normalize($2), $3, normalize($4), $5, $5) on conflict (email) do nothing
        """;

    private const string InsertSocial =
        """
        insert into social_accounts (id, account_id, provider, provider_user_id, email, last_login_at, linked_at) values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (provider, provider_user_id) do nothing
        """;

    private const string Note =
        """
        with account as (update accounts set last_login_at = $3 where id = $4)
        update social_accounts set last_login_at = $3 where provider = $1 and provider_user_id = $2
        """;

    /// <returns>Where on the page it goes on.</returns>
    public async Task<string> FinishAsync(Provider provider, ProviderIdentity identity, HttpContext http, CancellationToken ct)
    {
        // The second time finds what another tab made between the two looks of the first.
        return await TryAsync(provider, identity, http, ct) ?? await TryAsync(provider, identity, http, ct)
            ?? throw new ProviderException("Two sign-ins of one person met.");
    }

    private async Task<string?> TryAsync(Provider provider, ProviderIdentity identity, HttpContext http, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var work = await db.BeginForSystemAsync(SystemScope.SignIn, ct);
        var connection = work.Connection;
        var account = await FindAsync(connection, provider, identity, ct);
        if (account is { IsDeleted: true })
        {
            throw new ProviderException("The account is deleted.");
        }

        await using var batch = connection.CreateBatch();
        if (account is null)
        {
            var email = EmailAddress.TryNormalise(identity.Email, out var normal) ? normal : null;
            var verified = email is not null && identity.EmailVerified;
            if (email is not null && await IsTakenAsync(connection, email, ct))
            {
                return await TakenAsync(connection, provider, identity, ct);
            }

            account = new Account(Guid.CreateVersion7(now), verified ? email : null, ["user"], false, false);
            await using var insert = new NpgsqlCommand(InsertAccount, connection).With(account.Id, account.Email, verified ? now : null, identity.Nickname, now);
            if (await insert.ExecuteNonQueryAsync(ct) == 0)
            {
                return await TakenAsync(connection, provider, identity, ct);
            }

            await using var social = new NpgsqlCommand(InsertSocial, connection).With(Guid.CreateVersion7(now), account.Id, provider.Id, identity.Subject, email, now);
            if (await social.ExecuteNonQueryAsync(ct) == 0)
            {
                return null;
            }

            batch.BatchCommands.Add(outbox.Entry(Messaging.PubSub, UserRegistered.Topic, account.Id.ToString("D"), new UserRegistered(account.Id, provider.Id, identity.Nickname is not null, now)));
        }
        else if (!account.SecondFactor)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Note).With(provider.Id, identity.Subject, now, account.Id));
        }

        var session = sessions.Prepare(account.Id, provider.Id, admins.RolesOf(account.Email, account.Roles), Caller.Of(http), now);
        var (asked, challenge) = Challenges.Make(account.Id, provider.Id, now);
        if (account.SecondFactor)
        {
            batch.BatchCommands.Add(challenge);
        }
        else
        {
            session.AddTo(batch);
        }

        await batch.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        outbox.Wake();
        if (account.SecondFactor)
        {
            return $"/#/second-factor?challenge={asked.Challenge}";
        }

        await sessions.DeliverAsync(session, http, ct);
        return "/#/home";
    }

    /// <summary>Null when it was this very person who took it, a moment ago.</summary>
    private static async Task<string?> TakenAsync(NpgsqlConnection connection, Provider provider, ProviderIdentity identity, CancellationToken ct) =>
        await FindAsync(connection, provider, identity, ct) is null ? "/#/login?error=account_exists" : null;

    private static async Task<bool> IsTakenAsync(NpgsqlConnection connection, string email, CancellationToken ct)
    {
        await using var taken = new NpgsqlCommand(IsTaken, connection).With(email);
        return await taken.ExecuteScalarAsync(ct) is not null;
    }

    private static async Task<Account?> FindAsync(NpgsqlConnection connection, Provider provider, ProviderIdentity identity, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand(Find, connection).With(provider.Id, identity.Subject);
        await using var row = await find.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? new Account(row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetFieldValue<string[]>(2), row.GetBoolean(3), row.GetBoolean(4))
            : null;
    }
}
