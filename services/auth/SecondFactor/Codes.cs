using Eco2.Auth.Keys;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Looks at a code of an account: six digits of its app, or a backup code. Whichever it is works once.</summary>
internal sealed class Codes(NpgsqlDataSource db, Encryption encryption, BackupCodes backup)
{
    private const string Read = "select totp_secret, totp_last_step, backup_salt, backup_rounds from accounts where id = $1 and totp_on_at is not null and deleted_at is null";

    // Of two uses at the same moment one changes the row.
    private const string UseStep = "update accounts set totp_last_step = $2 where id = $1 and (totp_last_step is null or totp_last_step < $2)";
    private const string UseBackup = "update backup_codes set used_at = $3 where account_id = $1 and hash = $2 and used_at is null";

    /// <summary>A code that fits and still has to be used up, in the transaction of what it opens.</summary>
    /// <param name="Method">totp or backup_code.</param>
    public sealed record Match(string Method, string Sql, object?[] Values)
    {
        /// <summary>False when somebody else was quicker.</summary>
        public async Task<bool> UseAsync(NpgsqlConnection connection, CancellationToken ct)
        {
            await using var use = new NpgsqlCommand(Sql, connection).With(Values);
            return await use.ExecuteNonQueryAsync(ct) == 1;
        }
    }

    public static string UseOf(Guid accountId) => $"totp {accountId:D}";

    /// <summary>Null for a wrong code, and for an account without a second factor.</summary>
    public async Task<Match?> MatchAsync(Guid accountId, string? code, DateTimeOffset now, CancellationToken ct)
    {
        if (code is not { Length: >= 6 and <= 32 } || await ReadAsync(accountId, ct) is not { } account)
        {
            return null;
        }

        var digits = code.Replace(" ", "", StringComparison.Ordinal);
        if (digits.Length == 6 && digits.All(char.IsAsciiDigit))
        {
            var secret = await encryption.DecryptAsync(account.Secret, UseOf(accountId), ct);
            return Totp.Match(secret, digits, now, account.LastStep) is { } step ? new Match("totp", UseStep, [accountId, step]) : null;
        }

        return BackupCodes.Read(code) is { } letters && account.Salt is not null
            ? new Match("backup_code", UseBackup, [accountId, await backup.HashAsync(letters, account.Salt, account.Rounds, ct), now])
            : null;
    }

    private async Task<(byte[] Secret, long? LastStep, byte[]? Salt, int Rounds)?> ReadAsync(Guid accountId, CancellationToken ct)
    {
        await using var row = await db.QueryForUserAsync(accountId, Read, [accountId], ct);
        return await row.ReadAsync(ct)
            ? (row.GetFieldValue<byte[]>(0), row.IsDBNull(1) ? null : row.GetInt64(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2), row.IsDBNull(3) ? 0 : row.GetInt32(3))
            : null;
    }
}
