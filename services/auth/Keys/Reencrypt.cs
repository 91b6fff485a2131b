using System.Security.Cryptography;
using Eco2.Auth.SecondFactor;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Keys;

/// <summary>After the encryption key was followed by another: encrypts what is stored with the new one, row by row and wherever it was left, and says when
/// nobody needs the old one any more. A row that changes meanwhile was written with the new key; every replica may do it.</summary>
internal sealed partial class Reencrypt(NpgsqlDataSource db, Encryption encryption, TimeProvider clock, ILogger<Reencrypt> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Round = TimeSpan.FromHours(1), Again = TimeSpan.FromSeconds(30);

    // Byte 0 is the version of what is encrypted, then comes the key's id. What is older than encryption is KeyRing's matter.
    private static readonly Place[] Places =
    [
        new("accounts", "id::text", "totp_secret", id => Codes.UseOf(Guid.Parse(id))),
        new("accounts", "id::text", "totp_pending", id => Codes.UseOf(Guid.Parse(id))),
        new("signing_keys", "kid", "private_key", KeyRing.UseOf),
        new("idempotent_answers", "user_id::text || ' ' || key", "body", id => IdempotentPost.UseOf(Guid.Parse(id[..36]), id[37..])),
    ];

    private sealed record Place(string Table, string Id, string Column, Func<string, string> UseOf)
    {
        public string Select =>
            $"""
            select {Id}, {Column} from {Table}
            where substring({Column} from 1 for 1) = '\x01' and substring({Column} from 2 for 4) <> $1 and {Id} > $2 collate "C" order by {Id} collate "C" limit {Batch}
            """;

        public string Update => $"update {Table} set {Column} = $3 where {Id} = $1 and {Column} = $2";
    }

    /// <returns>How many were renewed, and how many have a key that nobody has.</returns>
    public async Task<(int Renewed, int Lost)> RunAsync(CancellationToken ct)
    {
        var (renewed, lost) = (0, 0);
        foreach (var place in Places)
        {
            for (var (after, more) = ("", true); more;)
            {
                var rows = await ReadAsync(place, after, ct);
                foreach (var (id, old) in rows)
                {
                    try
                    {
                        if (await encryption.RenewAsync(old, place.UseOf(id), ct) is { } sealedText)
                        {
                            renewed += await WriteAsync(place, id, old, sealedText, ct);
                        }
                    }
                    catch (CryptographicException)
                    {
                        lost++;
                    }
                }

                (after, more) = (rows is [.., var last] ? last.Id : after, rows.Count == Batch);
            }
        }

        return (renewed, lost);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var pause = Round;
            try
            {
                var (renewed, lost) = await RunAsync(stoppingToken);
                if (renewed > 0)
                {
                    Renewed(logger, renewed);
                }

                if (lost > 0)
                {
                    Lost(logger, lost);
                }
            }
            catch (Exception e) when (e is NpgsqlException or Dapr.DaprException)
            {
                // The sidecar, which has the key, may begin after this app.
                pause = Again;
                Later(logger, e.Message);
            }

            await Task.Delay(pause, clock, stoppingToken);
        }
    }

    private async Task<List<(string Id, byte[] Sealed)>> ReadAsync(Place place, string after, CancellationToken ct)
    {
        await using var all = await db.BeginForSystemAsync(SystemScope.Reencryption, ct);
        await using var select = all.Command(place.Select, await encryption.CurrentIdAsync(ct), after);
        await using var row = await select.ExecuteReaderAsync(ct);
        var rows = new List<(string, byte[])>();
        while (await row.ReadAsync(ct))
        {
            rows.Add((row.GetString(0), row.GetFieldValue<byte[]>(1)));
        }

        return rows;
    }

    private async Task<int> WriteAsync(Place place, string id, byte[] old, byte[] renewed, CancellationToken ct)
    {
        await using var all = await db.BeginForSystemAsync(SystemScope.Reencryption, ct);
        await using var update = all.Command(place.Update, id, old, renewed);
        var written = await update.ExecuteNonQueryAsync(ct);
        await all.CommitAsync(ct);
        return written;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} secrets are encrypted with the new key; none needs an older one")]
    private static partial void Renewed(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} secrets were encrypted with a key that is not among those of Auth:EncryptionKey; put it back at the end")]
    private static partial void Lost(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Whether secrets are encrypted with an older key is looked at later: {Why}")]
    private static partial void Later(ILogger logger, string why);
}
