using System.Net;
using Eco2.Services.Tests.Auth;
using Eco2.Services.Tests.DeadLetters;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>Filters and cursors of the lists that admins read, with SQL in them: each finds nothing or is refused, at once.</summary>
public sealed class AdminFilterTests
{
    private static readonly string[] Statements =
    [
        "' OR '1'='1", "' OR 1=1 --", "') OR TRUE --", "'; DROP TABLE audit; --", "1; SELECT pg_sleep(60)", "' || pg_sleep(60) || '", "' UNION SELECT 1 --", "\\' OR 1=1 --", "%", "_", "0x27", "NULL", "$1", "''", "\u02BC OR 1=1", "1 OR 1=1", "1e9", "9223372036854775808", "-1",
    ];

    [Fact]
    public async Task A_statement_in_a_filter_of_the_audit_finds_nothing()
    {
        var (host, db) = await AuthApp.StartAsync();
        await using var _ = host;
        await using var __ = db;
        await host.PostAsync("sign-up", new { email = "somebody@example.com", password = "correct horse" });
        Assert.NotEqual(0, await CountAsync(host, ""));
        var before = await db.ScalarAsync<long>("select count(*) from audit");

        foreach (var statement in Statements)
        {
            Assert.Equal((statement, 0), (statement, await CountAsync(host, "?kind=" + Uri.EscapeDataString(statement))));
            foreach (var filter in (string[])["user_id", "cursor", "limit"])
            {
                using var answer = await AskAsync(host, $"?{filter}={Uri.EscapeDataString(statement)}");
                Assert.Equal((filter, statement, HttpStatusCode.BadRequest), (filter, statement, answer.StatusCode));
            }
        }

        Assert.Equal(before, await db.ScalarAsync<long>("select count(*) from audit"));
    }

    [Fact]
    public async Task A_statement_in_a_filter_of_the_dead_letters_finds_nothing()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        await using var host = await ServiceHost.StartAsync(Eco2.My.Program.Build, postgres);
        await using var db = NpgsqlDataSource.Create(postgres + ";Search Path=my");
        await host.DeliverAsync("job.finished", Keeper.Envelope("1"));
        Assert.Single(await host.ListAsync());

        foreach (var statement in Statements)
        {
            Assert.Empty(await host.ListAsync("?topic=" + Uri.EscapeDataString(statement)));
            foreach (var filter in (string[])["?state=", "?cursor=", "?limit=", "/"])
            {
                using var answer = await host.AskAsync(HttpMethod.Get, filter + Uri.EscapeDataString(statement));
                Assert.Contains((int)answer.StatusCode, (int[])[400, 404]);
            }
        }

        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from dead_letters"));
    }

    private static async Task<int> CountAsync(ServiceHost host, string query)
    {
        using var answer = await AskAsync(host, query);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("entries").GetArrayLength();
    }

    private static Task<HttpResponseMessage> AskAsync(ServiceHost host, string query)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/audit" + query);
        request.Headers.Add("X-User-Id", Keeper.AdminId.ToString());
        request.Headers.Add("X-User-Roles", "user,admin");
        return host.Client.SendAsync(request);
    }
}
