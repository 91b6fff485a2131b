using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Eco2.Cli.Audit;

/// <summary>Walks the audit log from its first entry and works out every hash again, on its own: nothing in the database is asked to judge itself.</summary>
internal static class AuditChain
{
    /// <summary>Where a sound chain ends. Written down elsewhere, it shows later that nothing before it was cut off or made anew.</summary>
    internal sealed record Head(long Seq, string Hash)
    {
        public static bool TryParse(string text, out Head head)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            head = new Head(0, "");
            if (colon < 0 || text.Length - colon - 1 != 64 || !long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
            {
                return false;
            }

            head = new Head(seq, text[(colon + 1)..]);
            return true;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Seq}:{Hash}");
    }

    /// <param name="Head">Where the chain ends, or the last sound entry.</param>
    /// <param name="Broken">What is wrong with the first entry that does not fit; null: nothing.</param>
    internal sealed record Verdict(Head Head, string? Broken);

    // One statement: rows and head of one moment.
    private const string Read =
        """
        select a.seq, a.id::text, a.kind, a.at, a.actor_id::text, a.user_id::text, a.details::text, a.address, a.user_agent, a.salt, a.traces_hash, a.hash,
          h.seq, encode(h.hash, 'hex')
        from auth.audit_head h left join auth.audit a on true order by a.seq nulls last
        """;

    /// <param name="db">As a role that sees all rows: the owner of the schema.</param>
    /// <param name="noted">An earlier end of the chain that must still be in it, or null.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<Verdict> VerifyAsync(NpgsqlDataSource db, Head? noted, CancellationToken ct)
    {
        var last = new Head(0, new string('0', 64));
        var end = last;
        var found = noted is null || noted == last;
        await using var command = db.CreateCommand(Read);
        command.CommandTimeout = 0;
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            end = new Head(row.GetInt64(12), row.GetString(13));
            if (row.IsDBNull(1))
            {
                break;
            }

            if (Fault(row, last) is { } fault)
            {
                return new Verdict(last, fault);
            }

            last = new Head(row.GetInt64(0), Convert.ToHexStringLower((byte[])row[11]));
            if (noted?.Seq == last.Seq)
            {
                if (noted != last)
                {
                    return new Verdict(last, $"entry {last.Seq} ({row.GetString(1)}): its hash is not the one that was noted; the chain was made anew");
                }

                found = true;
            }
        }

        return end != last ? new Verdict(last, $"after entry {last.Seq}: entries are missing, the chain should end at entry {end.Seq}")
            : !found ? new Verdict(last, $"after entry {last.Seq}: entries are missing, entry {noted!.Seq} was noted")
            : new Verdict(last, null);
    }

    private static string? Fault(NpgsqlDataReader row, Head last)
    {
        var id = row.GetString(1);
        if (row.IsDBNull(0) || row.IsDBNull(11))
        {
            return $"entry {id}: it has no place in the chain";
        }

        var seq = row.GetInt64(0);
        if (seq != last.Seq + 1)
        {
            return $"entry {seq} ({id}): entry {last.Seq + 1} is missing";
        }

        var traces = row.IsDBNull(10) ? "" : Convert.ToHexStringLower((byte[])row[10]);
        var at = row.GetFieldValue<DateTimeOffset>(3).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        string[] fields = [last.Hash, seq.ToString(CultureInfo.InvariantCulture), id, row.GetString(2), at, Text(row, 4), Text(row, 5), traces, Text(row, 6)];
        if (Hash(Encoding.UTF8.GetBytes(string.Join('\n', fields))) != Convert.ToHexStringLower((byte[])row[11]))
        {
            return $"entry {seq} ({id}): it is not what was written";
        }

        // Forgotten traces have neither text nor salt.
        if (row.IsDBNull(9))
        {
            return row.IsDBNull(7) && row.IsDBNull(8) ? null : $"entry {seq} ({id}): it has an address or user agent that was not written";
        }

        var told = Encoding.UTF8.GetBytes($"{Text(row, 7)}\n{Text(row, 8)}");
        return Hash([.. (byte[])row[9], .. told]) == traces ? null : $"entry {seq} ({id}): its address or user agent is not what was written";
    }

    private static string Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
