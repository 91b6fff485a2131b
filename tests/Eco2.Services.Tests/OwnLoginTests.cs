using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>Each app has a login of its own in the one database, and with it reaches its own rows and nothing else. What they may is asked of PostgreSQL, as that login.</summary>
public sealed class OwnLoginTests : IAsyncLifetime
{
    private static readonly Dictionary<string, Func<string[], Action<WebApplicationBuilder>?, WebApplication>> Services = new()
    {
        ["auth"] = Eco2.Auth.Program.Build,
        ["my"] = Eco2.My.Program.Build,
        ["scan"] = Eco2.Scan.Program.Build,
        ["image"] = Eco2.Image.Program.Build,
        ["character"] = Eco2.Character.Program.Build,
    };

    private string owner = "";

    public async Task InitializeAsync() => owner = await PostgresCluster.CreateDatabaseAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_app_reaches_its_own_rows_and_nothing_else()
    {
        foreach (var (service, build) in Services)
        {
            await using var host = await ServiceHost.StartAsync(build, Login(service), null, $"ECO2_POSTGRES_OWNER={owner}");
            Assert.Equal(($"eco2_{service}", $"eco2_{service}"), await WhoAsync(host));
        }

        foreach (var service in Services.Keys)
        {
            await using var app = NpgsqlDataSource.Create(Login(service));
            var other = Services.Keys.First(name => name != service);
            foreach (var forbidden in (string[])[
                "create table public.mine (x int)", $"create table {service}.mine (x int)", "create schema mine", "create role mine", $"alter role eco2_{other} password 'mine'",
                $"alter table {service}.schema_history add column mine int", $"drop table {service}.schema_history", $"truncate {service}.schema_history", $"select sha256 from {service}.schema_history",
                $"update {service}.schema_history set version = 99", $"set role eco2_{other}", $"set session authorization eco2_{other}", $"select version from {other}.schema_history", "select rolpassword from pg_authid",
                "copy (select 1) to program 'true'", "alter database postgres set work_mem = '1GB'"])
            {
                Assert.Equal((service, forbidden, PostgresErrorCodes.InsufficientPrivilege), (service, forbidden, await RefusalAsync(app, forbidden)));
            }

            Assert.Empty(await ReachableAsync(app, service));
            // The questions themselves can be answered otherwise: its own schema is within its reach.
            Assert.NotEmpty(await ReachableAsync(app, other));
        }
    }

    /// <summary>As on a cluster, where apps start together with the job that migrates.</summary>
    [Fact]
    public async Task An_app_that_may_not_migrate_waits_for_whoever_may()
    {
        await using var db = NpgsqlDataSource.Create(owner);
        await CountAsync(db, "do $$ begin create role eco2_my; exception when duplicate_object or unique_violation then null; end $$; alter role eco2_my login; select 0::bigint");
        var waiting = ServiceHost.StartAsync(Services["my"], Login("my"));
        await Eventually.TrueAsync(async () => await CountAsync(db, "select sessions from pg_stat_database where datname = current_database()") >= 3, "it came back once more");
        Assert.False(waiting.IsCompleted);
        Assert.Equal(0, await CountAsync(db, "select count(*) from pg_namespace where nspname = 'my'"));

        await using (await ServiceHost.StartAsync(Services["my"], Login("my"), null, $"ECO2_POSTGRES_OWNER={owner}"))
        {
            await using var host = await waiting;
            Assert.Equal(("eco2_my", "eco2_my"), await WhoAsync(host));
        }
    }

    /// <summary>PostgreSQL takes the verifier for what it makes of the password itself.</summary>
    [Fact]
    public async Task A_password_is_set_without_being_said()
    {
        await using var host = await ServiceHost.StartAsync(Services["my"], Login("my"), null, $"ECO2_POSTGRES_OWNER={owner}");
        await using var db = NpgsqlDataSource.Create(owner);
        await using var command = db.CreateCommand("select rolpassword from pg_authid where rolname = 'eco2_my'");
        var parts = ((string)(await command.ExecuteScalarAsync())!).Split('$', ':');

        var salted = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2("pass-my"u8.ToArray(), Convert.FromBase64String(parts[2]), int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), System.Security.Cryptography.HashAlgorithmName.SHA256, 32);
        Assert.Equal("SCRAM-SHA-256", parts[0]);
        Assert.Equal(parts[4], Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(salted, "Server Key"u8)));
    }

    private string Login(string service) => new NpgsqlConnectionStringBuilder(owner) { Username = $"eco2_{service}", Password = $"pass-{service}" }.ConnectionString;

    private static async Task<(string Session, string Current)> WhoAsync(ServiceHost host)
    {
        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("select session_user::text, current_user::text");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return (row.GetString(0), row.GetString(1));
    }

    private static async Task<string> RefusalAsync(NpgsqlDataSource app, string sql)
    {
        await using var command = app.CreateCommand(sql);
        return (await Record.ExceptionAsync(() => command.ExecuteNonQueryAsync()) as PostgresException)?.SqlState ?? "done";
    }

    /// <summary>Schemas, tables and functions of all services but one that this login has any right to.</summary>
    private static async Task<List<string>> ReachableAsync(NpgsqlDataSource app, string except)
    {
        await using var command = app.CreateCommand(
            """
            with theirs as (select oid, nspname from pg_namespace where nspname = any($1) and nspname <> $2)
            select nspname::text from theirs where has_schema_privilege(oid, 'usage') or has_schema_privilege(oid, 'create')
            union all select format('%s.%s', nspname, relname) from pg_class c join theirs on theirs.oid = relnamespace
              where relkind in ('r', 'p', 'v', 'm') and (has_table_privilege(c.oid, 'select, insert, update, delete, truncate, references, trigger') or has_any_column_privilege(c.oid, 'select, insert, update, references'))
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = Services.Keys.ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = except });
        await using var row = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await row.ReadAsync())
        {
            found.Add(row.GetString(0));
        }

        return found;
    }

    private static async Task<long> CountAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
