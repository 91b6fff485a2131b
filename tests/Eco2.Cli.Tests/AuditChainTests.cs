using Eco2.Cli.Audit;
using Eco2.Cli.Machine;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Cli.Tests;

/// <summary>The schema of the app auth, made from its own files, as its role fills it and a superuser tampers with it.</summary>
public sealed class AuditChainTests : IAsyncLifetime
{
    private NpgsqlDataSource owner = null!;
    private NpgsqlDataSource app = null!;

    public async Task InitializeAsync()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        owner = NpgsqlDataSource.Create(database);
        await RunAsync(
            owner,
            """
            do $$ begin create role eco2_auth nologin; exception when duplicate_object or unique_violation then null; end $$;
            create schema auth; grant usage on schema auth to eco2_auth;
            alter default privileges in schema auth grant select, insert, update, delete on tables to eco2_auth;
            """);
        foreach (var migration in (string[])["0001_accounts", "0007_audit"])
        {
            var sql = await File.ReadAllTextAsync(Path.Combine(new Workspace().Root, "services", "auth", "Migrations", migration + ".sql"));
            var old = migration == "0007_audit" ? "insert into login_audit (provider, outcome, address, at) values ('password', 'signed_in', '192.0.2.9', now()), ('password', 'refused', null, now());" : "";
            await RunAsync(owner, $"begin; set local search_path to auth; {old} {sql}; commit");
        }

        app = NpgsqlDataSource.Create(database + ";Options=-c role=eco2_auth -c search_path=auth");
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await owner.DisposeAsync();
    }

    [Fact]
    public async Task The_old_log_begins_the_chain_and_new_entries_continue_it()
    {
        await AddAsync(3);

        Assert.Equal((5, null), await VerifyAsync());
        Assert.Equal(["signed_in", "sign_in_refused"], await ListAsync("select kind from auth.audit where seq <= 2 order by seq"));
    }

    [Fact]
    public async Task Many_at_the_same_time_make_one_chain_and_those_undone_leave_no_gap()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            await using var connection = await app.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var add = new NpgsqlCommand(Insert(2), connection, transaction);
            await add.ExecuteNonQueryAsync();
            await (i % 4 == 0 ? transaction.RollbackAsync() : transaction.CommitAsync());
        }));

        Assert.Equal((62, null), await VerifyAsync());
    }

    [Theory]
    [InlineData("update audit set kind = 'signed_in' where seq = 4", "entry 4 (")]
    [InlineData("update audit set user_id = gen_random_uuid() where seq = 4", "entry 4 (")]
    [InlineData("update audit set at = at + interval '1 microsecond' where seq = 4", "entry 4 (")]
    [InlineData("update audit set details = '{\"provider\": \"x\"}' where seq = 4", "entry 4 (")]
    [InlineData("update audit set address = '198.51.100.7' where seq = 4", "entry 4 (")]
    [InlineData("update audit set salt = null where seq = 4", "entry 4 (")]
    [InlineData("delete from audit where seq = 4", "entry 5 (")]
    [InlineData("delete from audit where seq >= 4", "after entry 3:")]
    [InlineData("delete from audit", "after entry 0:")]
    [InlineData("update audit set seq = case seq when 4 then 5 else 4 end, id = gen_random_uuid() where seq in (4, 5)", "entry 4 (")]
    [InlineData("set session_replication_role = replica; insert into audit (id, kind, at) values (gen_random_uuid(), 'signed_in', now()); set session_replication_role = default", "entry ")]
    [InlineData("update audit_head set seq = 9", "after entry 7:")]
    public async Task Tampering_is_found_at_the_first_entry_it_touched(string tampering, string first)
    {
        await AddAsync(5);
        // Swapping two places needs the uniqueness out of the way; a superuser can do that.
        await RunAsync(owner, $"set search_path to auth; alter table audit drop constraint audit_seq_key; {tampering}");

        var (_, broken) = await VerifyAsync();

        Assert.StartsWith(first, broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_made_anew_is_found_by_a_noted_end()
    {
        await AddAsync(5);
        var noted = (await AuditChain.VerifyAsync(owner, null, CancellationToken.None)).Head;
        await AddAsync(1);
        Assert.Null((await AuditChain.VerifyAsync(owner, noted, CancellationToken.None)).Broken);

        // Everything again, as the functions make it, with one entry that never was.
        await RunAsync(
            owner,
            """
            set search_path to auth; create temp table kept as select * from audit order by seq;
            truncate audit; update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex');
            insert into audit (id, kind, at) select id, 'other_kind', at from kept order by seq
            """);

        Assert.Equal((8, null), await VerifyAsync());
        var verdict = await AuditChain.VerifyAsync(owner, noted, CancellationToken.None);
        Assert.Contains("made anew", verdict.Broken, StringComparison.Ordinal);
        Assert.True(AuditChain.Head.TryParse(noted.ToString(), out var read));
        Assert.Equal(noted, read);
    }

    [Theory]
    [InlineData("update audit set kind = 'other'")]
    [InlineData("update audit set address = null")]
    [InlineData("delete from audit")]
    [InlineData("truncate audit")]
    [InlineData("insert into audit (id, kind, at, seq) values (gen_random_uuid(), 'signed_in', now(), 99)")]
    [InlineData("insert into audit (id, kind, at, hash) values (gen_random_uuid(), 'signed_in', now(), '\\x00')")]
    [InlineData("update audit_head set seq = 0")]
    [InlineData("delete from audit_head")]
    [InlineData("alter table audit disable trigger all")]
    [InlineData("drop function chain_audit() cascade")]
    public async Task The_role_of_the_app_can_only_add(string statement)
    {
        await AddAsync(1);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(app, statement));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        Assert.Equal((3, null), await VerifyAsync());
    }

    [Fact]
    public async Task A_table_of_the_same_name_does_not_lead_the_chain_astray()
    {
        await RunAsync(app, $"create temp table audit_head (only_one boolean, seq bigint, hash bytea); insert into audit_head values (true, 41, '\\x00'); {Insert(1)}");

        Assert.Equal((3, null), await VerifyAsync());
    }

    [Fact]
    public async Task Old_traces_can_be_forgotten_and_the_chain_holds()
    {
        await AddAsync(2, "now() - interval '100 days'");
        await AddAsync(1, "now() - interval '20 days'");

        await RunAsync(app, "select forget_audit_traces(now() + interval '1 day', 100)");

        Assert.Equal(["", "", "192.0.2.1"], await ListAsync("select coalesce(address, '') from auth.audit where seq > 2 order by seq"));
        Assert.Equal((5, null), await VerifyAsync());
    }

    private static string Insert(int count, string at = "now()") =>
        "insert into audit (id, kind, at, user_id, details, address, user_agent) select gen_random_uuid(), 'sign_in_refused', "
        + $"{at}, gen_random_uuid(), '{{\"provider\":\"password\"}}', '192.0.2.1', 'Agent ' || i from generate_series(1, {count}) i";

    private Task AddAsync(int count, string at = "now()") => RunAsync(app, Insert(count, at));

    private async Task<(long Seq, string? Broken)> VerifyAsync()
    {
        var verdict = await AuditChain.VerifyAsync(owner, null, CancellationToken.None);
        return (verdict.Head.Seq, verdict.Broken);
    }

    private async Task<List<string>> ListAsync(string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        var list = new List<string>();
        while (await row.ReadAsync())
        {
            list.Add(row.GetString(0));
        }

        return list;
    }

    private static async Task RunAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
