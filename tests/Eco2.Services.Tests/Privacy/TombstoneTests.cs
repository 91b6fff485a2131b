using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>In each app that has a user's rows: whoever was deleted stays deleted, whatever arrives late, and nobody else loses anything.</summary>
public sealed class TombstoneTests
{
    /// <param name="Build">The app.</param>
    /// <param name="Guarded">What it may write for a user at any time, with the user's id as $1.</param>
    /// <param name="Late">A message that comes by itself.</param>
    private sealed record App(Func<string[], Action<WebApplicationBuilder>?, WebApplication> Build, string[] Guarded, string? Late, Func<Guid, object>? Message);

    private static readonly Dictionary<string, App> Apps = new()
    {
        ["auth"] = new(
            Eco2.Auth.Program.Build,
            ["insert into sessions (id, account_id, provider, created_at, last_used_at, expires_at) values (gen_random_uuid(), $1, 'password', now(), now(), now() + interval '1 day')",
             "insert into idempotent_answers (user_id, key, request_hash, claimed_at) values ($1, gen_random_uuid()::text, '', now())"],
            null, null),
        ["scan"] = new(
            Eco2.Scan.Program.Build,
            ["insert into scans (job_id, user_id, image_key, image_sha256, image_url, model, language, status, created_at) values (gen_random_uuid(), $1, 'k', 's', 'u', 'local', 'ko', 'succeeded', now())"],
            "retention-changed", user => new { user_id = user, version = 1, result_days = 9, picture_days = 9 }),
        ["image"] = new(
            Eco2.Image.Program.Build,
            ["insert into images (key, channel, owner_id, status, declared_type, declared_bytes, created_at) values ('scan/' || $1::uuid || '/' || gen_random_uuid() || '.png', 'scan', $1, 'ready', 'image/png', 1, now())",
             "insert into idempotent_answers (user_id, key, request_hash, claimed_at) values ($1, gen_random_uuid()::text, '', now())"],
            "retention-changed", user => new { user_id = user, version = 1, result_days = 9, picture_days = 9 }),
        ["character"] = new(
            Eco2.Character.Program.Build,
            ["insert into evaluations (job_id, user_id, image_sha256, rewarded, reward, evaluated_at) values (gen_random_uuid(), $1, 's', false, '{}', now())"],
            "user-registered", user => new { user_id = user, provider = "password", registered_at = "2026-03-01T00:00:00Z" }),
    };

    public static TheoryData<string> Names => [.. Apps.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_deleted_user_stays_deleted_whatever_comes_late(string name)
    {
        await using var line = await Line.StartAsync(name, Apps[name]);
        var (user, other) = (MyApp.NewId(), MyApp.NewId());
        await line.WriteAsync(user);
        await line.WriteAsync(other);
        var before = await line.RowsAsync(user);

        var removed = await line.EraseAsync(user);
        await line.WriteAsync(user);
        var again = await line.EraseAsync(user);

        Assert.True(before > 0);
        Assert.Equal((0L, before), (await line.RowsAsync(user), await line.RowsAsync(other)));
        Assert.Equal(before, removed.Where(table => table.Key != "accounts").Sum(table => table.Value));
        Assert.Equal(removed, again);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Erasures_at_once_and_a_late_writer_leave_nothing(string name)
    {
        await using var line = await Line.StartAsync(name, Apps[name]);
        var user = MyApp.NewId();
        await line.WriteAsync(user);
        var before = await line.RowsAsync(user);

        await Task.WhenAll([.. Enumerable.Range(0, 4).Select(_ => (Task)line.EraseAsync(user)), .. Enumerable.Range(0, 8).Select(_ => line.WriteAsync(user))]);

        Assert.Equal(0, await line.RowsAsync(user));
        Assert.InRange((await line.EraseAsync(user)).Where(table => table.Key != "accounts").Sum(table => table.Value), before, long.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Closing_a_user_keeps_what_is_there_and_takes_nothing_new(string name)
    {
        await using var line = await Line.StartAsync(name, Apps[name]);
        var user = MyApp.NewId();
        await line.WriteAsync(user);
        var before = await line.RowsAsync(user);

        for (var i = 0; i < 2; i++)
        {
            using var closed = await line.Host.Client.PutAsync(new Uri($"/internal/users/{user:D}/closed", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        }

        await line.WriteAsync(user);

        Assert.Equal(before, await line.RowsAsync(user));
    }

    private sealed class Line(string name, App app, ServiceHost host, NpgsqlDataSource owner, TestSidecar? sidecar) : IAsyncDisposable
    {
        public ServiceHost Host => host;

        public static async Task<Line> StartAsync(string name, App app)
        {
            var postgres = await PostgresCluster.CreateDatabaseAsync();
            // Pictures lie in a store that is reached by it.
            var sidecar = name == "image" ? await TestSidecar.StartAsync(name) : null;
            var host = await ServiceHost.StartAsync(app.Build, postgres, null, ["Auth:PasswordIterations=1000", .. sidecar?.OptionsOf(name) ?? []]);
            if (sidecar is not null)
            {
                await sidecar.AttachAsync(name, host.Address);
            }

            return new Line(name, app, host, NpgsqlDataSource.Create($"{postgres};Search Path={name}"), sidecar);
        }

        /// <summary>As the app itself, with the rights of its role and in the user's name.</summary>
        public async Task WriteAsync(Guid user)
        {
            if (name == "auth")
            {
                await using var account = owner.CreateCommand($"insert into accounts (id, created_at) select '{user}', now() where not exists (select 1 from erased_users where user_id = '{user}') on conflict do nothing");
                await account.ExecuteNonQueryAsync();
            }

            foreach (var sql in app.Guarded)
            {
                await using var work = await Eco2.ServiceDefaults.UserRows.BeginForUserAsync(host.Services.GetRequiredService<NpgsqlDataSource>(), user, CancellationToken.None);
                await using var write = work.Command(sql, user);
                await write.ExecuteNonQueryAsync();
                await work.CommitAsync(CancellationToken.None);
            }

            if (app.Late is { } late)
            {
                var body = "{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(app.Message!(user)) + "}";
                var answer = await MyApp.DeliverAsync(host, late, body, "application/cloudevents+json");
                Assert.Equal("SUCCESS", answer.GetProperty("status").GetString());
            }
        }

        public async Task<long> RowsAsync(Guid user)
        {
            var tables = await owner.ScalarAsync<string>(
                $"""
                select string_agg(format('(select count(*) from %I where %I = %L)', k.relname, convert_from(rtrim(t.tgargs::bytea, '\x00'), 'UTF8'), '{user}'), ' + ')
                from pg_trigger t join pg_class k on k.oid = t.tgrelid where t.tgname = 'refuse_erased' and k.relnamespace = '{name}'::regnamespace
                """);
            return await owner.ScalarAsync<long>($"select {tables}");
        }

        public async Task<Dictionary<string, long>> EraseAsync(Guid user)
        {
            using var answer = await host.Client.DeleteAsync(new Uri($"/internal/users/{user:D}/data", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return (await answer.JsonAsync()).GetProperty("removed").Deserialize<Dictionary<string, long>>()!;
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await owner.DisposeAsync();
            if (sidecar is not null)
            {
                await sidecar.DisposeAsync();
            }
        }
    }
}
