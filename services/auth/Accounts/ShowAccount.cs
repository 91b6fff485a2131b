using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>What an account has to sign in with.</summary>
internal sealed class ShowAccount
{
    public sealed record Linked(string Provider, DateTimeOffset? LinkedAt);

    /// <param name="Id">The user.</param>
    /// <param name="Email">Null for an account of a provider that told none.</param>
    /// <param name="EmailVerified">A link mailed to it was used.</param>
    /// <param name="HasPassword">False for an account that signs in by providers only.</param>
    /// <param name="SecondFactor">A code is asked at sign-in.</param>
    /// <param name="BackupCodesLeft">0 to 10.</param>
    /// <param name="Roles">Of this request; <c>admin:second-factor</c> is the role that waits for the second factor.</param>
    /// <param name="Providers">Accounts elsewhere that sign in here.</param>
    /// <param name="CreatedAt">When it signed up.</param>
    public sealed record Account(
        Guid Id, string? Email, bool EmailVerified, bool HasPassword, bool SecondFactor, int BackupCodesLeft, IReadOnlyList<string> Roles, IReadOnlyList<Linked> Providers, DateTimeOffset CreatedAt);

    private const string Read =
        """
        select a.email, a.email_verified_at is not null, a.password_hash is not null, a.totp_on_at is not null,
          (select count(*)::int from backup_codes b where b.account_id = a.id and b.used_at is null), a.roles, a.created_at,
          array(select s.provider from social_accounts s where s.account_id = a.id order by s.id),
          array(select s.linked_at from social_accounts s where s.account_id = a.id order by s.id),
          s.second_factor_at is not null
        from accounts a left join sessions s on s.id = $2 and s.account_id = a.id where a.id = $1 and a.deleted_at is null
        """;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/account", Handle).WithName("ShowAccount").WithSummary("How the caller's account signs in.");

    private static async Task<Results<Ok<Account>, ProblemHttpResult>> Handle(CurrentUser user, NpgsqlDataSource db, Admins admins, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(user.Id, Read, [user.Id, user.SessionId ?? Guid.Empty], ct);
        if (!await row.ReadAsync(ct))
        {
            return Problems.AccountNotFound();
        }

        var email = row.IsDBNull(0) ? null : row.GetString(0);
        var proven = row.GetBoolean(1) && row.GetBoolean(3) && row.GetBoolean(9);
        var names = row.GetFieldValue<string[]>(7);
        var times = row.GetFieldValue<DateTime?[]>(8);
        return TypedResults.Ok(new Account(
            user.Id,
            email,
            row.GetBoolean(1),
            row.GetBoolean(2),
            row.GetBoolean(3),
            row.GetInt32(4),
            admins.RolesOf(email, row.GetFieldValue<string[]>(5), proven),
            [.. names.Zip(times, (name, time) => new Linked(name, time))],
            row.GetFieldValue<DateTimeOffset>(6)));
    }
}
