using Npgsql;
using NpgsqlTypes;

namespace EmbeddedSidecar.State.Postgres;

/// <summary>The statements on one table. A write makes a new ETag, here rather than on the server, so that the writer knows it.</summary>
internal sealed class PostgresSql(string table)
{
    private const string IsLive = "(expires_at is null or expires_at >= now())";

    private readonly string _upsert =
        $"insert into {table} as t (key, value, etag, expires_at) "
        + "select n.key, n.value, n.etag, now() + make_interval(secs => n.ttl) from unnest($1, $2, $3, $4) as n (key, value, etag, ttl) "
        + "on conflict (key) do update set value = excluded.value, etag = excluded.etag, updated_at = now(), expires_at = excluded.expires_at";

    private readonly string _delete = $"delete from {table} where key = any($1)";

    // What expired and was not removed yet is as good as absent.
    private readonly string _first =
        $"insert into {table} as t (key, value, etag, expires_at) values ($1, $2, $3, now() + make_interval(secs => $4)) "
        + "on conflict (key) do update set value = excluded.value, etag = excluded.etag, updated_at = now(), expires_at = excluded.expires_at "
        + "where t.expires_at is not null and t.expires_at < now()";

    private readonly string _update =
        $"update {table} set value = $2, etag = $3, updated_at = now(), expires_at = now() + make_interval(secs => $4) where key = $1 and etag = $5 and {IsLive}";

    private readonly string _deleteIf = $"delete from {table} where key = $1 and etag = $2";

    public string Read { get; } = $"select key, value, etag, expires_at from {table} where key = any($1) and {IsLive}";

    public string Keys { get; } = $"select key, row_id from {table} where key like $1 and {IsLive} and row_id > $2 order by row_id limit 1000";

    /// <summary>What has no condition, all at once; keys may come once only.</summary>
    public IEnumerable<NpgsqlBatchCommand> Write(IReadOnlyCollection<PostgresWrite> writes)
    {
        var upserts = writes.Where(write => !write.Operation.IsDelete).ToArray();
        if (upserts.Length > 0)
        {
            yield return Command(
                _upsert,
                Texts(upserts),
                new() { Value = Array.ConvertAll(upserts, write => write.Bytes), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
                new() { Value = Array.ConvertAll(upserts, write => write.ETag), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                new() { Value = Array.ConvertAll(upserts, write => write.Ttl), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        }

        var deletes = writes.Where(write => write.Operation.IsDelete).ToArray();
        if (deletes.Length > 0)
        {
            yield return Command(_delete, Texts(deletes));
        }
    }

    /// <summary>A write with a condition. It changes no row if the condition does not hold.</summary>
    /// <param name="orFail">It then fails, and with it the transaction that it is part of.</param>
    public NpgsqlBatchCommand WriteIf(PostgresWrite write, bool orFail)
    {
        NpgsqlParameter key = new() { Value = write.Operation.Key, NpgsqlDbType = NpgsqlDbType.Text };
        if (write.Operation.IsDelete)
        {
            return Command(OrFail(_deleteIf, orFail), key, Uuid(write.Expected!.Value));
        }

        NpgsqlParameter value = new() { Value = write.Bytes, NpgsqlDbType = NpgsqlDbType.Bytea };
        NpgsqlParameter ttl = new() { Value = (object?)write.Ttl ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double };
        return write.Expected is { } expected
            ? Command(OrFail(_update, orFail), key, value, Uuid(write.ETag), ttl, Uuid(expected))
            : Command(OrFail(_first, orFail), key, value, Uuid(write.ETag), ttl);
    }

    // A statement that must change one row divides by the number of rows it changed.
    private static string OrFail(string sql, bool orFail) => orFail ? $"with done as ({sql} returning 1) select 1 / count(*) from done" : sql;

    private static NpgsqlParameter Uuid(Guid value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Texts(PostgresWrite[] writes) =>
        new() { Value = Array.ConvertAll(writes, write => write.Operation.Key), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}

/// <summary>One operation, ready to be written.</summary>
/// <param name="ETag">What the key has afterwards.</param>
/// <param name="Expected">What it must have before.</param>
/// <param name="Ttl">Seconds; null = does not expire.</param>
internal sealed record PostgresWrite(StateOperation Operation, byte[] Bytes, Guid ETag, Guid? Expected, double? Ttl)
{
    private const string BadTtl = $"error parsing TTL: incorrect value for metadata '{StateTtl.Name}': ";

    public bool IsConditional => Expected is not null || (Operation.Options.IsFirstWrite && !Operation.IsDelete);

    /// <exception cref="StateConflictException">No ETag of this store looks like this one.</exception>
    /// <exception cref="Components.BackendException">A write with options or a life that there are not; a delete is not looked at.</exception>
    public static PostgresWrite Of(StateOperation operation, TimeProvider clock)
    {
        if (!operation.IsDelete)
        {
            operation.Options.Check();
        }

        var ttl = operation.IsDelete ? null : operation.Seconds("ParseInt", BadTtl);
        if (ttl is < -1 or > int.MaxValue)
        {
            throw new Components.BackendException(BadTtl + "must be -1 or greater");
        }

        return new PostgresWrite(
            operation,
            operation.Value?.ToArray() ?? [],
            Guid.CreateVersion7(clock.GetUtcNow()),
            string.IsNullOrEmpty(operation.ETag) ? null
            : Guid.TryParse(operation.ETag, out var expected) ? expected
            : throw Mismatch(operation.Key),
            ttl > 0 ? ttl : null);
    }

    /// <summary>Why the condition did not hold.</summary>
    public StateConflictException Conflict() =>
        Expected is null ? new StateConflictException(ConflictKind.Guarded, "no item was updated") : Mismatch(Operation.Key);

    private static StateConflictException Mismatch(string key) => new(ConflictKind.ETagMismatch, $"possible etag mismatch. key: {key}");
}
