using System.Security.Cryptography;
using System.Text.RegularExpressions;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Postgres;

namespace EmbeddedSidecar.State.Postgres;

/// <summary>The settings of state.postgresql v2 with Dapr's defaults.</summary>
internal sealed partial record PostgresOptions
{
    public required string ConnectionString { get; init; }

    /// <summary>May hold the schema: schema.table.</summary>
    public required string Table { get; init; }

    public required string TablePrefix { get; init; }

    public required string MetadataTable { get; init; }

    /// <summary>How long one call of the store may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How often what expired is removed; null = never. It is not returned before either.</summary>
    public required TimeSpan? CleanupInterval { get; init; }

    /// <param name="metadata">Of the component.</param>
    /// <param name="fullPath">Makes the path of a file absolute.</param>
    public static PostgresOptions From(ComponentMetadata metadata, Func<string, string> fullPath)
    {
        foreach (var name in (string[])["useAzureAD", "useAWSIAM"])
        {
            if (metadata.Flag(name, false))
            {
                throw metadata.Refuse(name, "is not supported by the embedded sidecar");
            }
        }

        var timeout = metadata.DurationOrSeconds(metadata.Optional("timeout") is null ? "timeoutInSeconds" : "timeout", TimeSpan.FromSeconds(20));
        if (timeout < TimeSpan.FromSeconds(1))
        {
            throw metadata.Refuse("timeout", "must be 1s or more");
        }

        var cleanup = metadata.DurationOrSeconds(metadata.Optional("cleanupInterval") is null ? "cleanupIntervalInSeconds" : "cleanupInterval", TimeSpan.FromHours(1));
        var prefix = metadata.Text("tablePrefix", "");
        return new PostgresOptions
        {
            ConnectionString = Connection(metadata, timeout, fullPath),
            Table = Name(metadata, "tablePrefix", prefix + "state"),
            TablePrefix = prefix,
            MetadataTable = Name(metadata, "metadataTableName", metadata.Text("metadataTableName", "dapr_metadata")),
            Timeout = timeout,
            CleanupInterval = cleanup > TimeSpan.Zero ? cleanup : null,
        };
    }

    private static string Connection(ComponentMetadata metadata, TimeSpan timeout, Func<string, string> fullPath)
    {
        var given = metadata.Optional("connectionString") ?? metadata.Optional("url");
        var single = ((string[])["host", "hostaddr", "port", "database", "user", "password", "sslRootCert"])
            .Select(name => (name, value: metadata.Optional(name))).Where(one => one.value is not null).ToList();
        if (given is null && single.Count == 0)
        {
            throw metadata.Refuse("connectionString", "is required (or host, port, database, user and password)");
        }

        try
        {
            var connection = PostgresDsn.Read(given ?? "");
            foreach (var (name, value) in single)
            {
                PostgresDsn.Set(connection, name.ToLowerInvariant(), value!);
            }

            PostgresDsn.UseFiles(connection, fullPath);
            if (metadata.Integer("maxConns", 0) is > 1 and var most)
            {
                connection.MaxPoolSize = most;
            }

            if (metadata.DurationOrSeconds("connectionMaxIdleTime", TimeSpan.Zero) is var idle && idle > TimeSpan.Zero)
            {
                connection.ConnectionIdleLifetime = (int)Math.Ceiling(idle.TotalSeconds);
            }

            if (metadata.Optional("queryExecMode") is { } mode)
            {
                PostgresDsn.ExecMode(connection, mode);
            }

            connection.CommandTimeout = (int)Math.Ceiling(timeout.TotalSeconds);
            // One of them is the writer's.
            connection.MaxPoolSize = Math.Max(connection.MaxPoolSize, 2);
            connection.MinPoolSize = Math.Min(connection.MinPoolSize, connection.MaxPoolSize);
            // Npgsql looks for idle ones every ten seconds, and takes no shorter time for idling than that.
            connection.ConnectionPruningInterval = Math.Min(connection.ConnectionPruningInterval, connection.ConnectionIdleLifetime);
            // The writer asks which statement of a batch failed.
            connection.IncludeFailedBatchedCommand = true;
            return connection.ConnectionString;
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException or CryptographicException)
        {
            throw metadata.Refuse("connectionString", $"cannot be used: {wrong.Message}");
        }
    }

    // Names go into statements as they are.
    private static string Name(ComponentMetadata metadata, string setting, string table) =>
        Plain().IsMatch(table) ? table : throw metadata.Refuse(setting, $"makes the table name \"{table}\"; only letters, digits and _ are supported, and one dot behind the schema");

    [GeneratedRegex(@"^([A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();
}
