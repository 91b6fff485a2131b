using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Brings the service's schema up to date, once per database however many replicas start, by an advisory lock.
/// Files are <c>Migrations/NNNN_title.sql</c>, forward only, each in a transaction of its own; an applied file must not change.
/// With <c>Eco2:MigrateOnly</c> the app ends when that is done: a job before a rollout. An app that may not migrate waits for that job.</summary>
internal sealed partial class Migrator(
    ServiceIdentity service,
    IEnumerable<SharedMigration> shared,
    DatabaseLogin login,
    Assembly assembly,
    IHostApplicationLifetime lifetime,
    IConfiguration configuration,
    TimeProvider clock,
    ILogger<Migrator> logger) : IHostedService
{
    // Any number will do that nobody else in the database uses.
    private const long Lock = 0x65636f32;
    private static readonly TimeSpan WaitForServer = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan WaitForOthers = TimeSpan.FromSeconds(150);

    private sealed record Migration(int Version, string Name, string Sql)
    {
        public string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(login.Owner ?? login.App) { ApplicationName = $"eco2-{service.Name}-migrations", Pooling = false });
        if (login.Owner is null)
        {
            await WaitForMigrationsAsync(source, cancellationToken);
            return;
        }

        await using var connection = await ConnectAsync(source, cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_lock({Lock})", cancellationToken);
        await PrepareSchemaAsync(connection, cancellationToken);
        var applied = await AppliedAsync(connection, cancellationToken);
        foreach (var migration in Find().OrderBy(m => m.Version))
        {
            if (!applied.TryGetValue(migration.Version, out var hash))
            {
                await ApplyAsync(connection, migration, cancellationToken);
                Applied(logger, migration.Name);
            }
            else if (hash != migration.Hash)
            {
                throw new InvalidOperationException($"Migration {migration.Name} was applied in another form. Write a new one instead of changing it.");
            }
        }

        if (login.Password is { } password)
        {
            await ExecuteAsync(connection, $"alter role {service.Role} login password '{DatabaseLogin.Verifier(password)}'", cancellationToken);
        }

        if (configuration.GetValue("Eco2:MigrateOnly", false))
        {
            // A host that is told to stop while it starts fails its start; one that has started ends with 0.
            lifetime.ApplicationStarted.Register(lifetime.StopApplication);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<NpgsqlConnection> ConnectAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await source.OpenConnectionAsync(ct);
            }
            catch (NpgsqlException e) when (e.IsTransient && clock.GetElapsedTime(began) < WaitForServer)
            {
                Waiting(logger, e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500), clock, ct);
            }
        }
    }

    /// <summary>Until then the login may be missing, and so may the tables.</summary>
    private async Task WaitForMigrationsAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        var (wanted, began) = (Find().Select(migration => migration.Version).ToHashSet(), clock.GetTimestamp());
        while (true)
        {
            var why = "some are missing";
            try
            {
                await using var connection = await source.OpenConnectionAsync(ct);
                await using var command = new NpgsqlCommand($"select version from {service.Schema}.schema_history", connection);
                await using var reader = await command.ExecuteReaderAsync(ct);
                var missing = new HashSet<int>(wanted);
                while (await reader.ReadAsync(ct))
                {
                    missing.Remove(reader.GetInt32(0));
                }

                if (missing.Count == 0)
                {
                    return;
                }
            }
            catch (NpgsqlException e)
            {
                why = e.Message;
            }

            if (clock.GetElapsedTime(began) > WaitForOthers)
            {
                throw new InvalidOperationException($"The migrations of {service.Name} were not run, and this process may not run them ({why}). Start the migrations job, or set ECO2_POSTGRES_OWNER.");
            }

            WaitingForMigrations(logger, why);
            await Task.Delay(TimeSpan.FromSeconds(1), clock, ct);
        }
    }

    /// <summary>The role belongs to the whole server, so another database's migrator may create it at the same moment.</summary>
    private Task PrepareSchemaAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (schema, role) = (service.Schema, service.Role);
        return ExecuteAsync(
            connection,
            $"""
             do $$ begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end $$;
             do $$ begin
               if not pg_has_role(current_user, '{role}', 'member') then execute format('grant {role} to %I', current_user); end if;
             end $$;
             create schema if not exists {schema};
             revoke all on schema {schema} from public;
             grant usage on schema {schema} to {role};
             alter default privileges in schema {schema} grant select, insert, update, delete on tables to {role};
             alter default privileges in schema {schema} grant usage, select on sequences to {role};
             create table if not exists {schema}.schema_history
               (version int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now());
             revoke all on {schema}.schema_history from {role};
             grant select (version) on {schema}.schema_history to {role};
             """,
            ct);
    }

    private async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"select version, sha256 from {service.Schema}.schema_history", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var applied = new Dictionary<int, string>();
        while (await reader.ReadAsync(ct))
        {
            applied.Add(reader.GetInt32(0), reader.GetString(1));
        }

        return applied;
    }

    private async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"set local search_path to {service.Schema}", ct);
        await ExecuteAsync(connection, migration.Sql, ct);
        await using var record = new NpgsqlCommand(
            $"insert into {service.Schema}.schema_history (version, name, sha256) values ($1, $2, $3)",
            connection).With(migration.Version, migration.Name, migration.Hash);
        await record.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private IEnumerable<Migration> Find()
    {
        foreach (var one in shared)
        {
            yield return new Migration(one.Version, one.Name, one.Sql);
        }

        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal) && name.Contains(".Migrations.", StringComparison.Ordinal)))
        {
            var name = resource[(resource.IndexOf(".Migrations.", StringComparison.Ordinal) + ".Migrations.".Length)..^".sql".Length];
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return new Migration(int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied migration {Name}")]
    private static partial void Applied(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database does not answer yet: {Why}")]
    private static partial void Waiting(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting for the migrations: {Why}")]
    private static partial void WaitingForMigrations(ILogger logger, string why);
}

/// <summary>A migration that ServiceDefaults brings along; numbered below zero so that services start at 1.</summary>
internal sealed record SharedMigration(int Version, string Name, string Sql);
