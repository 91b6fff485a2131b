using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>With a scan goes the history of its workflow: at once when its time is over, a day later when its owner deleted it, and in the end whatever fails.</summary>
public sealed class ForgottenScanTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly Guid user = MyApp.NewId();
    private TestSidecar sidecar = null!;
    private HistoryKeeper worker = null!;
    private ServiceHost scan = null!;
    private NpgsqlDataSource db = null!;

    public async Task InitializeAsync()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        sidecar = await TestSidecar.StartAsync("scan", "worker");
        worker = await HistoryKeeper.StartAsync(sidecar);
        scan = await ServiceHost.StartAsync(Eco2.Scan.Program.Build, postgres, clock, sidecar.OptionsOf("scan"));
        await sidecar.AttachAsync("scan", scan.Address);
        db = NpgsqlDataSource.Create(postgres + ";Search Path=scan");
    }

    public async Task DisposeAsync()
    {
        await scan.DisposeAsync();
        await worker.DisposeAsync();
        await sidecar.DisposeAsync();
        await db.DisposeAsync();
    }

    [Fact]
    public async Task What_is_too_old_takes_its_history_along_in_bounded_calls_and_only_once()
    {
        await RunAsync($"insert into scans {Columns} select gen_random_uuid(), '{user}', 'k', 's', 'u', 'local', 'ko', 'succeeded', '{Ago(200):O}' from generate_series(1, 120)");
        var young = await AddAsync("succeeded", 1.5);
        var old = (await db.ScalarAsync<string>($"select string_agg(job_id::text, ' ' order by job_id) from scans where job_id <> '{young}'")).Split(' ');

        await Task.WhenAll(SweepAsync(), SweepAsync());
        await SweepAsync();

        Assert.Equal(old, worker.Forgotten.Order(StringComparer.Ordinal));
        Assert.Equal((1L, 0L), (await db.ScalarAsync<long>("select count(*) from scans"), await LeftAsync()));
    }

    [Fact]
    public async Task While_the_worker_is_away_the_ids_wait_and_are_not_lost()
    {
        var id = await AddAsync("failed", 200);
        worker.Refuses = true;
        await SweepAsync();
        Assert.Equal((0L, 1L), (await db.ScalarAsync<long>("select count(*) from scans"), await LeftAsync()));

        worker.Refuses = false;
        await SweepAsync();

        Assert.Equal([id.ToString("D")], worker.Forgotten);
        Assert.Equal(0, await LeftAsync());
    }

    [Fact]
    public async Task Histories_that_cannot_be_removed_hold_up_no_others_and_are_tried_again()
    {
        for (var i = 0; i < 60; i++)
        {
            worker.Stuck.Add((await AddAsync("succeeded", 300 - (i * 0.1))).ToString("D"));
        }

        await RunAsync($"insert into scans {Columns} select gen_random_uuid(), '{user}', 'k', 's', 'u', 'local', 'ko', 'succeeded', '{Ago(310):O}'::timestamptz + n * interval '5 h' from generate_series(1, 60) n");

        await SweepAsync();
        Assert.Equal((60, 60L), (worker.Forgotten.Count, await LeftAsync()));
        worker.Stuck.Clear();
        await SweepAsync();

        Assert.Equal((120, 0L), (worker.Forgotten.Distinct().Count(), await LeftAsync()));
    }

    [Fact]
    public async Task One_that_its_owner_deleted_loses_its_history_when_no_step_of_it_can_be_under_way()
    {
        var (ended, running) = (await AddAsync("succeeded", 0.1), await AddAsync("queued", 0.01));
        foreach (var id in (Guid[])[ended, running])
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/scan/{id:D}") { Headers = { { "X-User-Id", user.ToString("D") } } };
            using var deleted = await scan.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        await FinishAsync(running);
        await SweepAsync();
        Assert.Equal((0, 2L), (worker.Forgotten.Count, await LeftAsync()));
        clock.Advance(TimeSpan.FromDays(1));
        await SweepAsync();

        Assert.Equal(new[] { ended, running }.Select(id => id.ToString("D")).Order(StringComparer.Ordinal), worker.Forgotten.Order(StringComparer.Ordinal));
        Assert.Equal(0, await LeftAsync());
    }

    /// <summary>The deletion of a user finds the ids that still wait, and takes them out.</summary>
    [Fact]
    public async Task Ids_that_wait_are_shown_to_the_deletion_and_go_with_the_user()
    {
        var id = await AddAsync("failed", 200);
        worker.Refuses = true;
        await SweepAsync();

        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = JsonElement.Parse(await scan.Client.GetStringAsync($"/internal/users/{user:D}/data?cursor={Uri.EscapeDataString(cursor)}"));
            seen.AddRange(page.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("job_id").GetString()!));
            cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        using var erased = await scan.Client.DeleteAsync(new Uri($"/internal/users/{user:D}/data", UriKind.Relative));

        Assert.Equal([id.ToString("D")], seen);
        Assert.Equal((HttpStatusCode.OK, 0L), (erased.StatusCode, await LeftAsync()));
    }

    private const string Columns = "(job_id, user_id, image_key, image_sha256, image_url, model, language, status, created_at)";

    private DateTimeOffset Ago(double days) => clock.GetUtcNow() - TimeSpan.FromDays(days);

    private async Task<Guid> AddAsync(string status, double age)
    {
        var id = MyApp.NewId();
        await RunAsync($"insert into scans {Columns} values ('{id}', '{user}', 'k', 's', 'u', 'local', 'ko', '{status}', '{Ago(age):O}')");
        return id;
    }

    private Task<JsonElement> FinishAsync(Guid id) => MyApp.DeliverAsync(
        scan,
        "job-finished",
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(new { job_id = id, user_id = user, kind = "scan", status = "succeeded", finished_at = clock.GetUtcNow() }) + "}",
        "application/cloudevents+json");

    private Task<long> LeftAsync() => db.ScalarAsync<long>("select count(*) from forgotten");

    private async Task SweepAsync()
    {
        using var answer = await scan.Client.PostAsync("/retention", null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task RunAsync(string sql)
    {
        await using var command = db.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
