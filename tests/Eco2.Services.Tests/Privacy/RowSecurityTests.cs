using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>Every table that holds rows of users, in every schema, as the app's own role sees it over a connection like its own.</summary>
public sealed class RowSecurityTests
{
    private static readonly Guid Alice = Guid.Parse("0198c0de-0000-7000-8000-00000000000a");
    private static readonly Guid Bob = Guid.Parse("0198c0de-0000-7000-8000-00000000000b");

    private static readonly Dictionary<string, Func<string[], Action<WebApplicationBuilder>?, WebApplication>> Services = new()
    {
        ["auth"] = Eco2.Auth.Program.Build,
        ["my"] = Eco2.My.Program.Build,
        ["scan"] = Eco2.Scan.Program.Build,
        ["image"] = Eco2.Image.Program.Build,
        ["character"] = Eco2.Character.Program.Build,
    };

    private const string OwnerColumns = "'user_id', 'owner_id', 'account_id', 'actor_id'";

    // Who replayed or discarded a dead letter is an admin, in a table for admins alone: no owner.
    private const string OwnerTables =
        $"""
        select k.relname, min(case when c.column_name in ('user_id', 'owner_id', 'account_id') then c.column_name end), k.relrowsecurity,
          (select count(*) from pg_policy p where p.polrelid = k.oid)
        from pg_class k join pg_namespace n on n.oid = k.relnamespace
        join information_schema.columns c on c.table_schema = n.nspname and c.table_name = k.relname
        where n.nspname = $1 and k.relkind in ('r', 'p') and (c.column_name in ({OwnerColumns}) or (k.relname = 'accounts' and c.column_name = 'id'))
        group by 1, 3, 4 order by 1
        """;

    public static TheoryData<string> Names => [.. Services.Keys];

    private sealed record Table(string Name, string Owner, bool IsSecured);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_table_with_users_is_without_a_policy(string service)
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        await using var host = await StartAsync(service, postgres);
        await using var owner = NpgsqlDataSource.Create(postgres);

        var tables = await TablesAsync(owner, service);

        Assert.NotEmpty(tables);
        Assert.Empty(tables.Where(table => !table.IsSecured).Select(table => table.Name));
        // The check itself must be able to fail.
        await RunAsync(owner, $"create table {service}.unguarded (user_id uuid)");
        Assert.Equal(["unguarded"], (await TablesAsync(owner, service)).Where(table => !table.IsSecured).Select(table => table.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_role_of_an_app_sees_and_changes_rows_of_the_user_it_acts_for_and_of_nobody_else(string service)
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        await using var host = await StartAsync(service, postgres);
        await using var owner = NpgsqlDataSource.Create(postgres);
        var app = host.Services.GetRequiredService<NpgsqlDataSource>();
        foreach (var table in await TablesAsync(owner, service))
        {
            await FillAsync(owner, service, table);

            Assert.Equal((table.Name, 0L), (table.Name, await CountAsync(app, table, null, "select count(*) from {0}")));
            Assert.Equal((table.Name, 0L), (table.Name, await CountAsNobodyAsync(app, table)));
            Assert.Equal((table.Name, 1L), (table.Name, await CountAsync(app, table, Alice, "select count(*) from {0}")));
            Assert.Equal((table.Name, 0L), (table.Name, await CountAsync(app, table, Alice, $"select count(*) from {{0}} where {table.Owner} = '{Bob}'")));
            Assert.Equal((table.Name, 2L), (table.Name, await CountAsync(app, table, null, "select count(*) from {0}", "all")));
            foreach (var write in (string[])[$"update {{0}} set {table.Owner} = {table.Owner} where {table.Owner} = '{Bob}'", $"delete from {{0}} where {table.Owner} = '{Bob}'"])
            {
                Assert.Equal((table.Name, write, true), (table.Name, write, await ChangesNothingAsync(app, table, write)));
            }

            Assert.Equal((table.Name, true), (table.Name, await CannotBecomeBobsAsync(app, table)));
            Assert.Equal((table.Name, 2L), (table.Name, await CountAsync(owner, table, null, "select count(*) from {0}", schema: service)));
        }
    }

    private static Task<ServiceHost> StartAsync(string service, string postgres) => ServiceHost.StartAsync(Services[service], postgres);

    private static async Task<List<Table>> TablesAsync(NpgsqlDataSource owner, string service)
    {
        await using var command = owner.CreateCommand(OwnerTables);
        command.Parameters.Add(new NpgsqlParameter { Value = service });
        await using var row = await command.ExecuteReaderAsync();
        var tables = new List<Table>();
        while (await row.ReadAsync())
        {
            tables.Add(new Table(row.GetString(0), row.IsDBNull(1) ? "id" : row.GetString(1), row.GetBoolean(2) && row.GetInt64(3) > 0));
        }

        return tables;
    }

    /// <summary>A row each of Alice and Bob, whatever the columns are: references and checks are off for the superuser who writes them.</summary>
    private static async Task FillAsync(NpgsqlDataSource owner, string schema, Table table)
    {
        await RunAsync(
            owner,
            $$"""
            set session_replication_role = replica;
            do $do$
            declare names text; vals text; who uuid; c record;
            begin
              for c in select conname from pg_constraint where conrelid = '{{schema}}.{{table.Name}}'::regclass and contype = 'c' loop
                execute format('alter table {{schema}}.{{table.Name}} drop constraint %I', c.conname);
              end loop;
              foreach who in array array['{{Alice}}'::uuid, '{{Bob}}'::uuid] loop
                select string_agg(quote_ident(column_name), ', '), string_agg(case
                    when column_name = '{{table.Owner}}' then quote_literal(who)
                    when udt_name = 'uuid' then 'gen_random_uuid()' when udt_name = 'timestamptz' then 'now()' when udt_name = 'bool' then 'true'
                    when udt_name in ('int4', 'int8', 'int2') then (extract(epoch from clock_timestamp())::bigint % 1000000 + case when who = '{{Alice}}' then 0 else 7 end)::text
                    when udt_name = 'bytea' then quote_literal(who) || '::text::bytea' when udt_name in ('json', 'jsonb') then '''{}'''
                    when udt_name like '\_%' then '''{}''' else quote_literal(who) end, ', ' order by ordinal_position)
                into names, vals from (select * from information_schema.columns
                  where table_schema = '{{schema}}' and table_name = '{{table.Name}}' and is_generated = 'NEVER' and is_identity = 'NO' order by ordinal_position) x;
                execute format('insert into {{schema}}.{{table.Name}} (%s) values (%s)', names, vals);
              end loop;
            end $do$;
            set session_replication_role = default
            """);
    }

    private static async Task<long> CountAsync(NpgsqlDataSource db, Table table, Guid? user, string sql, string? setting = null, string? schema = null)
    {
        await using var connection = await db.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await BecomeAsync(connection, setting ?? user?.ToString("D") ?? "");
        await using var count = new NpgsqlCommand(sql.Replace("{0}", schema is null ? table.Name : $"{schema}.{table.Name}", StringComparison.Ordinal), connection);
        return (long)(await count.ExecuteScalarAsync())!;
    }

    /// <summary>Over a connection that has said nothing of whom it acts for.</summary>
    private static async Task<long> CountAsNobodyAsync(NpgsqlDataSource app, Table table)
    {
        await using var count = app.CreateCommand($"select count(*) from {table.Name}");
        return (long)(await count.ExecuteScalarAsync())!;
    }

    private static async Task<bool> ChangesNothingAsync(NpgsqlDataSource app, Table table, string sql)
    {
        await using var connection = await app.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await BecomeAsync(connection, Alice.ToString("D"));
        try
        {
            await using var write = new NpgsqlCommand(sql.Replace("{0}", table.Name, StringComparison.Ordinal), connection);
            return await write.ExecuteNonQueryAsync() == 0;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // Such as the audit, which nobody may change.
            return true;
        }
    }

    private static async Task<bool> CannotBecomeBobsAsync(NpgsqlDataSource app, Table table)
    {
        await using var connection = await app.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await BecomeAsync(connection, Alice.ToString("D"));
        await using var give = new NpgsqlCommand($"update {table.Name} set {table.Owner} = gen_random_uuid()", connection);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => give.ExecuteNonQueryAsync());
        return refused.SqlState == PostgresErrorCodes.InsufficientPrivilege;
    }

    private static async Task BecomeAsync(NpgsqlConnection connection, string setting)
    {
        await using var become = new NpgsqlCommand("select set_config('eco2.user_id', $1, true)", connection) { Parameters = { new() { Value = setting } } };
        await become.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
