using System.Buffers.Text;
using System.Security.Cryptography;
using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Keys;

/// <summary>The keys that sign access tokens, shared by all replicas through the database. A new key is published an hour before it signs,
/// and an old one as long as a token it signed may live, so that verifiers never meet an unknown key. Private halves are stored encrypted.</summary>
internal sealed class KeyRing(NpgsqlDataSource db, Encryption encryption, IOptions<AuthOptions> options, TimeProvider clock) : IDisposable
{
    private const string Algorithm = "ES256";
    private const long Lock = 0x6b657973;
    private static readonly TimeSpan PublishedBefore = TimeSpan.FromHours(1);

    private const string Load = "select kid, private_key, active_from, expires_at from signing_keys where expires_at > $1 order by active_from";
    private const string Reseal = "update signing_keys set private_key = $2 where kid = $1";
    private const string Retire = "update signing_keys set expires_at = least(expires_at, $2) where active_from < $1";
    private const string Insert = "insert into signing_keys (kid, algorithm, private_key, active_from, expires_at) values ($1, $2, $3, $4, $5)";

    private readonly SemaphoreSlim loading = new(1);
    private volatile Loaded? loaded;

    private sealed record Loaded(IReadOnlyList<Key> Keys, DateTimeOffset At);

    internal sealed record Key(string Id, ECDsa Pair, DateTimeOffset ActiveFrom, DateTimeOffset ExpiresAt);

    /// <summary>Every key that may verify a token now or soon.</summary>
    public async Task<IReadOnlyList<Key>> AllAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (loaded is { } current && now - current.At < options.Value.KeyRefresh)
        {
            return current.Keys;
        }

        await loading.WaitAsync(ct);
        try
        {
            if (loaded is { } other && now - other.At < options.Value.KeyRefresh)
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

    /// <summary>All keys as they are stored now, for whoever wants to see what another replica has just done.</summary>
    public async Task<IReadOnlyList<Key>> ReloadAsync(CancellationToken ct)
    {
        loaded = null;
        return await AllAsync(ct);
    }

    /// <summary>The key that signs now.</summary>
    public async Task<Key> SigningAsync(CancellationToken ct)
    {
        var keys = await AllAsync(ct);
        var now = clock.GetUtcNow();
        // The very first key may carry the time of another replica whose clock is ahead.
        return keys.LastOrDefault(key => key.ActiveFrom <= now) ?? keys[0];
    }

    /// <summary>Publishes a new key now. It signs once every replica and every verifier has had the time to hear of it; the keys before it verify
    /// what they signed until the last of that has expired, so nobody is signed out. One that is on its way is not followed by another.</summary>
    /// <returns>The key that signs next, and whether it is new.</returns>
    public async Task<(Key Next, bool IsNew)> RotateAsync(Guid adminId, Caller caller, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var refresh = options.Value.KeyRefresh;
        // Once for the replicas, once for verifiers, once to spare.
        var activeFrom = now + (3 * refresh);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await LockAsync(connection, ct);
        if ((await ReadAsync(connection, now, ct)).Find(key => key.ActiveFrom > now && key.ActiveFrom <= activeFrom) is { } coming)
        {
            return (coming, false);
        }

        var next = await MakeAsync(connection, activeFrom, ct);
        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(Audit.SigningKeyRotated(adminId, next.Id, caller, now));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Retire).With(activeFrom, activeFrom + options.Value.AccessLifetime + refresh));
            await batch.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        loaded = null;
        return (next, true);
    }

    public void Dispose() => loading.Dispose();

    private async Task<IReadOnlyList<Key>> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await LockAsync(connection, ct);
        var keys = await ReadAsync(connection, now, ct);
        var newest = keys.Count == 0 ? (DateTimeOffset?)null : keys[^1].ActiveFrom;
        if (newest is null || newest + options.Value.KeyLifetime - PublishedBefore <= now)
        {
            keys.Add(await MakeAsync(connection, newest is null ? now : now + PublishedBefore, ct));
        }

        await transaction.CommitAsync(ct);
        return keys;
    }

    /// <summary>Of several replicas that find no key one makes it.</summary>
    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var transaction = await connection.BeginTransactionAsync(ct);
        await using var take = new NpgsqlCommand($"select pg_advisory_xact_lock({Lock})", connection);
        await take.ExecuteNonQueryAsync(ct);
        return transaction;
    }

    private async Task<List<Key>> ReadAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct)
    {
        var rows = new List<(string Id, byte[] Pair, DateTimeOffset ActiveFrom, DateTimeOffset ExpiresAt)>();
        await using (var command = new NpgsqlCommand(Load, connection).With(now))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                rows.Add((reader.GetString(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3)));
            }
        }

        var keys = new List<Key>();
        foreach (var (id, stored, activeFrom, expiresAt) in rows)
        {
            var pair = ECDsa.Create();
            pair.ImportPkcs8PrivateKey(await OpenAsync(connection, id, stored, ct), out _);
            keys.Add(new Key(id, pair, activeFrom, expiresAt));
        }

        return keys;
    }

    private async Task<byte[]> OpenAsync(NpgsqlConnection connection, string id, byte[] stored, CancellationToken ct)
    {
        if (!IsPlain(stored))
        {
            return await encryption.DecryptAsync(stored, UseOf(id), ct);
        }

        await using var reseal = new NpgsqlCommand(Reseal, connection).With(id, await encryption.EncryptAsync(stored, UseOf(id), ct));
        await reseal.ExecuteNonQueryAsync(ct);
        return stored;
    }

    private async Task<Key> MakeAsync(NpgsqlConnection connection, DateTimeOffset activeFrom, CancellationToken ct)
    {
        var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Base64Url.EncodeToString(SHA256.HashData(pair.ExportSubjectPublicKeyInfo()).AsSpan(0, 12));
        var expiresAt = activeFrom + options.Value.KeyLifetime + options.Value.AccessLifetime + PublishedBefore;
        var stored = await encryption.EncryptAsync(pair.ExportPkcs8PrivateKey(), UseOf(id), ct);
        await using var insert = new NpgsqlCommand(Insert, connection).With(id, Algorithm, stored, activeFrom, expiresAt);
        await insert.ExecuteNonQueryAsync(ct);
        return new Key(id, pair, activeFrom, expiresAt);
    }

    internal static string UseOf(string id) => $"signing key {id}";

    /// <summary>A key from before they were encrypted: PKCS#8 begins with the tag of a sequence.</summary>
    private static bool IsPlain(byte[] stored) => stored[0] == 0x30;
}
