using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Mail;

/// <summary>Links in mails: random, kept as a hash, valid once and for a while. A newer link of the same purpose makes the older one void.</summary>
internal static class OneTimeLinks
{
    public const string VerifyEmail = "verify-email";
    public const string ResetPassword = "reset-password";

    private const string Replace =
        """
        insert into one_time_links (account_id, purpose, hash, expires_at) values ($1, $2, $3, $4)
        on conflict (account_id, purpose) do update set hash = excluded.hash, expires_at = excluded.expires_at
        """;

    // One statement: of two uses at the same moment one gets the row.
    private const string Take = "delete from one_time_links where hash = $1 and purpose = $2 and expires_at > $3 returning account_id";

    private const int Bytes = 32;

    public static TimeSpan LifetimeOf(string purpose) => purpose == ResetPassword ? TimeSpan.FromMinutes(30) : TimeSpan.FromHours(24);

    public static async Task<string> MakeAsync(NpgsqlDataSource db, Guid accountId, string purpose, DateTimeOffset now, CancellationToken ct)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
        await using var batch = db.CreateBatch();
        batch.BatchCommands.Add(UserRows.Become(accountId));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Replace).With(accountId, purpose, Hash(token), now + LifetimeOf(purpose)));
        await batch.ExecuteNonQueryAsync(ct);
        return token;
    }

    /// <summary>Whose link it was, within the transaction that is open on <paramref name="connection"/>; null for one that is unknown, used, void or too old.</summary>
    public static async Task<Guid?> UseAsync(NpgsqlConnection connection, string? token, string purpose, DateTimeOffset now, CancellationToken ct)
    {
        if (!LooksLikeOne(token))
        {
            return null;
        }

        await using var take = new NpgsqlCommand(Take, connection).With(Hash(token!), purpose, now);
        return await take.ExecuteScalarAsync(ct) as Guid?;
    }

    /// <summary>Anything else is not looked up.</summary>
    public static bool LooksLikeOne(string? token) => token is { Length: 43 } && Base64Url.IsValid(token);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));
}
