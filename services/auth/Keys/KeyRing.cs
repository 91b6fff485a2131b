using System.Buffers.Text;
using System.Security.Cryptography;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Keys;

/// <summary>The keys that sign access tokens, shared by all replicas through the database. A new key is published an hour before it signs,
/// and an old one as long as a token it signed may live, so that verifiers never meet an unknown key.</summary>
internal sealed class KeyRing(NpgsqlDataSource db, IOptions<AuthOptions> options, TimeProvider clock) : IDisposable
{
    private const string Algorithm = "ES256";
    private const long Lock = 0x6b657973;
    private static readonly TimeSpan PublishedBefore = TimeSpan.FromHours(1);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    private const string Load = "select kid, private_key, active_from, expires_at from signing_keys where expires_at > $1 order by active_from";
    private const string Insert = "insert into signing_keys (kid, algorithm, private_key, active_from, expires_at) values ($1, $2, $3, $4, $5)";

    private readonly SemaphoreSlim loading = new(1);
    private volatile Loaded? loaded;

    private sealed record Loaded(IReadOnlyList<Key> Keys, DateTimeOffset At);

    internal sealed record Key(string Id, ECDsa Pair, DateTimeOffset ActiveFrom, DateTimeOffset ExpiresAt);

    /// <summary>Every key that may verify a token now or soon.</summary>
    public async Task<IReadOnlyList<Key>> AllAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (loaded is { } current && now - current.At < Fresh)
        {
            return current.Keys;
        }

        await loading.WaitAsync(ct);
        try
        {
            if (loaded is { } other && now - other.At < Fresh)
            {
                return other.Keys;
            }

            var keys = await ReadAsync(now, ct);
            loaded = new Loaded(keys, now);
            return keys;
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>The key that signs now.</summary>
    public async Task<Key> SigningAsync(CancellationToken ct)
    {
        var keys = await AllAsync(ct);
        var now = clock.GetUtcNow();
        // The very first key may carry the time of another replica whose clock is ahead.
        return keys.LastOrDefault(key => key.ActiveFrom <= now) ?? keys[0];
    }

    public void Dispose() => loading.Dispose();

    private async Task<IReadOnlyList<Key>> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Of several replicas that find no key one makes it.
        await using (var locked = new NpgsqlCommand($"select pg_advisory_xact_lock({Lock})", connection))
        {
            await locked.ExecuteNonQueryAsync(ct);
        }

        var keys = await ReadAsync(connection, now, ct);
        var newest = keys.Count == 0 ? (DateTimeOffset?)null : keys[^1].ActiveFrom;
        if (newest is null || newest + options.Value.KeyLifetime - PublishedBefore <= now)
        {
            keys.Add(await MakeAsync(connection, newest is null ? now : now + PublishedBefore, ct));
        }

        await transaction.CommitAsync(ct);
        return keys;
    }

    private static async Task<List<Key>> ReadAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Load, connection).With(now);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var keys = new List<Key>();
        while (await reader.ReadAsync(ct))
        {
            var pair = ECDsa.Create();
            pair.ImportPkcs8PrivateKey(reader.GetFieldValue<byte[]>(1), out _);
            keys.Add(new Key(reader.GetString(0), pair, reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }

        return keys;
    }

    private async Task<Key> MakeAsync(NpgsqlConnection connection, DateTimeOffset activeFrom, CancellationToken ct)
    {
        var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Base64Url.EncodeToString(SHA256.HashData(pair.ExportSubjectPublicKeyInfo()).AsSpan(0, 12));
        var expiresAt = activeFrom + options.Value.KeyLifetime + options.Value.AccessLifetime + PublishedBefore;
        await using var insert = new NpgsqlCommand(Insert, connection).With(id, Algorithm, pair.ExportPkcs8PrivateKey(), activeFrom, expiresAt);
        await insert.ExecuteNonQueryAsync(ct);
        return new Key(id, pair, activeFrom, expiresAt);
    }
}
