using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Between the first factor and the second: five tries, five minutes, one success.</summary>
internal static class Challenges
{
    private const int Tries = 5;
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const string Insert = "insert into sign_in_challenges (hash, account_id, provider, expires_at) values ($1, $2, $3, $4)";

    // Counted before the code is looked at, so that codes sent at the same moment count too.
    private const string Try =
        "update sign_in_challenges set tries = tries + 1 where hash = $1 and expires_at > $2 and tries < $3 returning account_id, provider";

    private const string Remove = "delete from sign_in_challenges where hash = $1";
    private const string RemoveAll = "delete from sign_in_challenges where account_id = $1";

    /// <summary>The answer to a right first factor of an account that has a second one.</summary>
    /// <param name="Challenge">For POST /second-factor.</param>
    /// <param name="SecondFactor">totp.</param>
    /// <param name="ExpiresIn">Seconds.</param>
    public sealed record Asked(string Challenge, string SecondFactor, int ExpiresIn);

    /// <summary>A challenge and the row that makes it valid, for whoever checked a first factor.</summary>
    public static (Asked Answer, NpgsqlBatchCommand Row) Make(Guid accountId, string provider, DateTimeOffset now)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (new Asked(token, "totp", (int)Lifetime.TotalSeconds), new NpgsqlBatchCommand(Insert).With(Hash(token), accountId, provider, now + Lifetime));
    }

    /// <summary>Counts a try. Null for a challenge that is unknown, won, too old or out of tries.</summary>
    public static async Task<(Guid AccountId, string Provider)?> TryAsync(NpgsqlDataSource db, string? token, DateTimeOffset now, CancellationToken ct)
    {
        if (token is not { Length: 43 } || !Base64Url.IsValid(token))
        {
            return null;
        }

        await using var row = await db.QueryForSystemAsync(SystemScope.SignIn, Try, [Hash(token), now, Tries], ct);
        return await row.ReadAsync(ct) ? (row.GetGuid(0), row.GetString(1)) : null;
    }

    /// <summary>False when somebody else won it.</summary>
    public static async Task<bool> WinAsync(NpgsqlConnection connection, string token, CancellationToken ct)
    {
        await using var remove = new NpgsqlCommand(Remove, connection).With(Hash(token));
        return await remove.ExecuteNonQueryAsync(ct) == 1;
    }

    /// <summary>The first factor changed: what it opened is void.</summary>
    public static NpgsqlBatchCommand VoidAll(Guid accountId) => new NpgsqlBatchCommand(RemoveAll).With(accountId);

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.ASCII.GetBytes(token));
}
