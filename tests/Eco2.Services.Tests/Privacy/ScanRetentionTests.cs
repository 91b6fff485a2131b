using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>Results go when their time is over, and no earlier; two replicas do it at once.</summary>
public sealed class ScanRetentionTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly Guid[] users = [MyApp.NewId(), MyApp.NewId(), MyApp.NewId()];
    private readonly ServiceHost[] replicas = new ServiceHost[2];
    private NpgsqlDataSource db = null!;

    public async Task InitializeAsync()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        for (var i = 0; i < replicas.Length; i++)
        {
            replicas[i] = await ServiceHost.StartAsync(Eco2.Scan.Program.Build, postgres, clock);
        }

        db = NpgsqlDataSource.Create(postgres + ";Search Path=scan");
    }

    public async Task DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await db.DisposeAsync();
    }

    [Fact]
    public async Task Each_user_keeps_results_for_as_long_as_they_said_to_the_day()
    {
        var (usual, shorter, longer) = (users[0], users[1], users[2]);
        await SayAsync(shorter, 1, 2);
        await SayAsync(longer, 1, 1095);
        foreach (var user in users)
        {
            await AddAsync(user, "succeeded", 1.9, 2.1, 179.9, 180.1, 1094.9, 1095.1);
        }

        await SweepAsync();

        Assert.Equal("1.9, 2.1, 179.9", await AgesAsync(usual));
        Assert.Equal("1.9", await AgesAsync(shorter));
        Assert.Equal("1.9, 2.1, 179.9, 180.1, 1094.9", await AgesAsync(longer));
    }

    [Fact]
    public async Task The_newest_settings_count_in_whatever_order_they_come()
    {
        await SayAsync(users[0], 3, 10);
        await SayAsync(users[0], 2, 1);
        await SayAsync(users[0], 3, 10);
        await AddAsync(users[0], "failed", 5, 11);

        await SweepAsync();

        Assert.Equal("5", await AgesAsync(users[0]));
    }

    [Fact]
    public async Task Two_replicas_at_once_forget_more_than_a_batch_and_nothing_younger()
    {
        await RunAsync($"insert into scans {Columns} select gen_random_uuid(), '{users[0]}', 'k', 's', 'u', 'local', 'ko', 'succeeded', '{Ago(200):O}'::timestamptz + n * interval '1 s' from generate_series(1, 1700) n");
        await RunAsync($"insert into submissions (user_id, key, body_hash, job_id, created_at) select user_id, job_id::text, '', job_id, created_at from scans");
        await AddAsync(users[0], "succeeded", 0.01, 100);
        await AddAsync(users[1], "queued", 2.9, 300);

        await SweepAsync();

        // One that nobody told an end of is over too.
        Assert.Equal(("0, 100", "2.9"), (await AgesAsync(users[0]), await AgesAsync(users[1])));
        // There is no worker here: the ids wait for it.
        Assert.Equal(1701, await db.ScalarAsync<long>("select count(*) from forgotten"));
        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from submissions"));
    }

    [Fact]
    public async Task A_row_that_somebody_holds_is_left_for_the_next_time_and_holds_nobody_up()
    {
        await AddAsync(users[0], "succeeded", 200, 201);
        await using (var held = await db.OpenConnectionAsync())
        {
            await using var transaction = await held.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("select 1 from scans order by created_at limit 1 for update", held);
            await hold.ExecuteNonQueryAsync();
            await SweepAsync().WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal("201", await AgesAsync(users[0]));
        }

        await SweepAsync();

        Assert.Equal("", await AgesAsync(users[0]));
    }

    private const string Columns = "(job_id, user_id, image_key, image_sha256, image_url, model, language, status, created_at)";

    private DateTimeOffset Ago(double days) => clock.GetUtcNow() - TimeSpan.FromDays(days);

    private async Task AddAsync(Guid user, string status, params double[] ages)
    {
        foreach (var age in ages)
        {
            await RunAsync($"insert into scans {Columns} values (gen_random_uuid(), '{user}', 'k', 's', 'u', 'local', 'ko', '{status}', '{Ago(age):O}')");
        }
    }

    /// <summary>In days, of what is left of a user, the youngest first.</summary>
    private Task<string> AgesAsync(Guid user) => db.ScalarAsync<string>(
        $"select coalesce(string_agg(trim_scale(round(extract(epoch from '{clock.GetUtcNow():O}'::timestamptz - created_at) / 86400, 1))::text, ', ' order by created_at desc), '') from scans where user_id = '{user}'");

    private Task<JsonElement> SayAsync(Guid user, long version, int days) => MyApp.DeliverAsync(
        replicas[0],
        "retention-changed",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(new { user_id = user, version, result_days = days, picture_days = 365 }) + "}",
        "application/cloudevents+json");

    private async Task SweepAsync()
    {
        foreach (var answer in await Task.WhenAll(replicas.Select(replica => replica.Client.PostAsync("/retention", null))))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private async Task RunAsync(string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
