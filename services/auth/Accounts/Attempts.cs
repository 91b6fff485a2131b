using System.Security.Cryptography;
using System.Text;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Bounds guessing. An attempt is counted before the password is looked at, so that guesses sent at the same moment count too;
/// a right password forgives them. The account alone is counted as well, against guessing from many addresses.</summary>
internal sealed class Attempts(NpgsqlDataSource db, IOptions<AuthOptions> options)
{
    // No row comes back while the key is blocked. Back-off doubles with each failure above the free ones.
    private const string Count =
        """
        insert into sign_in_attempts as a (key, failures, last_at) values ($1, 1, $2)
        on conflict (key) do update set
          failures = case when a.last_at < $2 - $4::interval then 1 else a.failures + 1 end,
          last_at = $2,
          blocked_until = case when a.last_at < $2 - $4::interval or a.failures + 1 < $3 then null
            else $2 + least($4::interval, make_interval(secs => power(2, least(a.failures + 1 - $3, 20)))) end
        where a.blocked_until is null or a.blocked_until <= $2
        returning failures
        """;

    private const string Blocked = "select blocked_until from sign_in_attempts where key = $1";

    /// <summary>Null when the attempt may go on, else how long to wait.</summary>
    public async Task<TimeSpan?> CountAsync(string email, string? address, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var (key, free) in Keys(email, address))
        {
            await using var count = db.CreateCommand(Count).With(key, now, free, options.Value.LongestBackOff);
            if (await count.ExecuteScalarAsync(ct) is null)
            {
                await using var blocked = db.CreateCommand(Blocked).With(key);
                await using var reader = await blocked.ExecuteReaderAsync(ct);
                var until = await reader.ReadAsync(ct) && !reader.IsDBNull(0) ? reader.GetFieldValue<DateTimeOffset>(0) : now;
                return until > now ? until - now : TimeSpan.FromSeconds(1);
            }
        }

        return null;
    }

    /// <summary>Forgets the failures of this account, in the batch that signs it in.</summary>
    public NpgsqlBatchCommand Forgive(string email, string? address) =>
        new NpgsqlBatchCommand("delete from sign_in_attempts where key = any($1)").With((object)Keys(email, address).Select(k => k.Key).ToArray());

    private IEnumerable<(byte[] Key, int Free)> Keys(string email, string? address)
    {
        yield return (Hash($"{email}\n{address}"), options.Value.FreeAttempts);
        yield return (Hash(email), options.Value.FreeAttempts * 10);
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
