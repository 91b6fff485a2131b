using Eco2.Contracts.DeadLetters;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>Rows as admins see them.</summary>
internal static class LetterRows
{
    public const string Columns =
        """
        id, topic, event_id, source, state, attempts, octet_length(payload), first_seen_at, last_seen_at, next_retry_at, last_error,
        replayed_at, replayed_by, discarded_at, discarded_by
        """;

    public static readonly string[] States = ["waiting", "replayed", "exhausted", "discarded"];

    public static DeadLetter Read(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetString(1),
        row.GetString(2),
        row.IsDBNull(3) ? null : row.GetString(3),
        row.GetString(4),
        row.GetInt32(5),
        row.GetInt32(6),
        row.GetFieldValue<DateTimeOffset>(7),
        row.GetFieldValue<DateTimeOffset>(8),
        Time(row, 9),
        row.IsDBNull(10) ? null : row.GetString(10),
        Time(row, 11),
        Id(row, 12),
        Time(row, 13),
        Id(row, 14));

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private static Guid? Id(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);
}
