using System.Net;
using System.Text.Json;
using Eco2.Contracts.Privacy;
using Eco2.Services.Tests.Auth;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>An export belongs to its owner, for seven days.</summary>
public sealed class ExportTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly Guid user = MyApp.NewId();
    private TestSidecar sidecar = null!;
    private HistoryKeeper worker = null!;
    private MyApp my = null!;

    public async Task InitializeAsync()
    {
        sidecar = await TestSidecar.StartAsync("my", "worker");
        worker = await HistoryKeeper.StartAsync(sidecar);
        my = await MyApp.StartAsync(clock, sidecar.OptionsOf("my"));
        await sidecar.AttachAsync("my", my.Host.Address);
    }

    public async Task DisposeAsync()
    {
        await my.DisposeAsync();
        await worker.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_has_one_running_gets_that_one()
    {
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => my.SendAsync(HttpMethod.Post, "/api/v1/users/me/exports", user)));
        var theirs = await AskAsync(MyApp.NewId());

        var ids = (await Task.WhenAll(asked.Select(answer => answer.JsonAsync()))).Select(answer => answer.GetProperty("id").GetGuid()).Distinct();
        Assert.All(asked, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        Assert.NotEqual(Guid.Parse(theirs), Assert.Single(ids));
        Assert.Equal(2, await my.Db.ScalarAsync<long>("select count(*) from exports"));
    }

    [Fact]
    public async Task Steps_are_told_as_they_are_done_and_only_its_owner_sees_them_or_gets_the_archive()
    {
        var id = await AskAsync(user);
        await TellAsync(id, "account", "succeeded");
        await TellAsync(id, "account", "running");
        var running = await (await GetAsync(id, user)).JsonAsync();
        await (await GetAsync($"{id}/archive", user)).IsProblemAsync(HttpStatusCode.NotFound, "EXPORT_NOT_FOUND", "my");

        await EndAsync(id, "first part, ", "second part");
        var done = await (await GetAsync(id, user)).JsonAsync();
        var archive = await GetAsync($"{id}/archive", user);

        Assert.Equal(("running", 14, "succeeded"), (running.GetProperty("status").GetString(), running.GetProperty("progress").GetInt32(), running.GetProperty("steps")[0].GetProperty("status").GetString()));
        Assert.False(running.TryGetProperty("archive_url", out _));
        Assert.Equal(("succeeded", 100, $"/api/v1/users/me/exports/{id}/archive"), (done.GetProperty("status").GetString(), done.GetProperty("progress").GetInt32(), done.GetProperty("archive_url").GetString()));
        Assert.Equal("first part, second part", await archive.Content.ReadAsStringAsync());
        Assert.Equal(("application/zip", 23), (archive.Content.Headers.ContentType!.MediaType, archive.Content.Headers.ContentLength));
        foreach (var path in (string[])[id, $"{id}/archive"])
        {
            await (await GetAsync(path, MyApp.NewId())).IsProblemAsync(HttpStatusCode.NotFound, "EXPORT_NOT_FOUND", "my");
            await (await GetAsync(path, null)).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "my");
        }
    }

    [Fact]
    public async Task An_archive_is_there_for_seven_days_and_its_objects_go_with_it()
    {
        var old = await AskAsync(user);
        await EndAsync(old, "one", "two");
        clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        var young = await AskAsync(user);
        await EndAsync(young, "three");
        await SweepAsync();
        Assert.Equal((HttpStatusCode.OK, 3), ((await GetAsync($"{old}/archive", user)).StatusCode, Objects().Length));

        clock.Advance(TimeSpan.FromSeconds(2));
        await (await GetAsync(old, user)).IsProblemAsync(HttpStatusCode.NotFound, "EXPORT_NOT_FOUND", "my");
        await (await GetAsync($"{old}/archive", user)).IsProblemAsync(HttpStatusCode.NotFound, "EXPORT_NOT_FOUND", "my");
        await Task.WhenAll(SweepAsync(), SweepAsync());

        Assert.Contains(young, Assert.Single(Objects()), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"{young}/archive", user)).StatusCode);
        Assert.Equal([$"export-{old}"], worker.Forgotten);
        Assert.Equal((1L, 7L), (await my.Db.ScalarAsync<long>("select count(*) from exports"), await my.Db.ScalarAsync<long>("select count(*) from privacy_steps")));
    }

    [Fact]
    public async Task More_old_archives_than_a_batch_go_in_one_sweep()
    {
        for (var i = 0; i < 45; i++)
        {
            await EndAsync(await AskAsync(user), "an archive");
        }

        clock.Advance(TimeSpan.FromDays(8));
        await Task.WhenAll(SweepAsync(), SweepAsync());

        Assert.Empty(Objects());
        Assert.Equal(0, await my.Db.ScalarAsync<long>("select count(*) from exports"));
    }

    [Fact]
    public async Task While_the_worker_is_away_an_old_export_waits_unseen_and_its_history_goes_the_next_time()
    {
        var old = await AskAsync(user);
        await EndAsync(old, "an archive");
        clock.Advance(TimeSpan.FromDays(8));
        worker.Refuses = true;

        await SweepAsync();
        var waiting = await my.Db.ScalarAsync<long>("select count(*) from exports");
        await (await GetAsync(old, user)).IsProblemAsync(HttpStatusCode.NotFound, "EXPORT_NOT_FOUND", "my");
        worker.Refuses = false;
        await SweepAsync();

        Assert.Equal((1L, 0L), (waiting, await my.Db.ScalarAsync<long>("select count(*) from exports")));
        Assert.Equal([$"export-{old}"], worker.Forgotten);
        Assert.Empty(Objects());
    }

    [Fact]
    public async Task The_history_of_a_deletion_goes_when_no_late_message_can_begin_it_again()
    {
        var ended = clock.GetUtcNow();
        var (old, running) = (MyApp.NewId(), MyApp.NewId());
        await using (var add = my.Db.CreateCommand(
            $"insert into deletions (id, receipt_hash, user_id, status, requested_at, finished_at) values ('{old}', 'a', null, 'succeeded', '{ended:O}', '{ended:O}'), ('{running}', 'b', '{user}', 'running', '{ended:O}', null)"))
        {
            await add.ExecuteNonQueryAsync();
        }

        clock.Advance(TimeSpan.FromDays(30));
        await SweepAsync();
        Assert.Empty(worker.Forgotten);
        clock.Advance(TimeSpan.FromDays(2));
        await SweepAsync();
        await SweepAsync();

        Assert.Equal([$"deletion-{old:D}"], worker.Forgotten);
        Assert.Equal(2, await my.Db.ScalarAsync<long>("select count(*) from deletions"));
    }

    [Fact]
    public async Task A_deletion_takes_archives_along_and_tells_the_worker_that_nobody_waits_for_the_running_one()
    {
        var done = await AskAsync(user);
        await EndAsync(done, "an archive");
        var running = await AskAsync(user);

        using var erased = await my.SendAsync(HttpMethod.Delete, $"/internal/users/{user:D}/data");
        using var step = await my.SendAsync(HttpMethod.Put, $"/internal/privacy/{running}/steps/account", null, """{"status":"running"}""");
        using var end = await my.SendAsync(HttpMethod.Put, $"/internal/privacy/{running}/end", null, """{"status":"succeeded","parts":1,"bytes":3}""");

        Assert.Equal(2, (await erased.JsonAsync()).GetProperty("removed").GetProperty("exports").GetInt32());
        Assert.Empty(Objects());
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (step.StatusCode, end.StatusCode));
        Assert.Equal(0, await my.Db.ScalarAsync<long>("select count(*) from privacy_steps"));
    }

    private async Task<string> AskAsync(Guid who) =>
        (await (await my.SendAsync(HttpMethod.Post, "/api/v1/users/me/exports", who)).JsonAsync()).GetProperty("id").GetString()!;

    private Task<HttpResponseMessage> GetAsync(string path, Guid? who) => my.SendAsync(HttpMethod.Get, $"/api/v1/users/me/exports/{path}", who);

    private async Task TellAsync(string id, string step, string status)
    {
        using var told = await my.SendAsync(HttpMethod.Put, $"/internal/privacy/{id}/steps/{step}", null, $$"""{"status":"{{status}}"}""");
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
    }

    /// <summary>As the worker leaves an archive.</summary>
    private async Task EndAsync(string id, params string[] parts)
    {
        foreach (var (number, part) in parts.Index())
        {
            var file = new FileInfo(Path.Combine(sidecar.ObjectsFolder, ExportObjects.Part(Guid.Parse(id), number + 1)));
            file.Directory!.Create();
            await File.WriteAllTextAsync(file.FullName, part);
        }

        using var told = await my.SendAsync(HttpMethod.Put, $"/internal/privacy/{id}/end", null, JsonSerializer.Serialize(new { status = "succeeded", parts = parts.Length, bytes = parts.Sum(part => part.Length) }));
        Assert.Equal(HttpStatusCode.NoContent, told.StatusCode);
    }

    private string[] Objects() => Directory.GetFiles(sidecar.ObjectsFolder, "*", SearchOption.AllDirectories);

    private async Task SweepAsync()
    {
        using var swept = await my.Host.Client.PostAsync("/retention", null);
        Assert.Equal(HttpStatusCode.OK, swept.StatusCode);
    }
}
