using System.IO.Compression;
using System.Net;
using System.Text.Json;
using Eco2.Contracts.Privacy;
using Eco2.Worker.Privacy;
using Eco2.Workflows.Privacy;
using Xunit;

namespace Eco2.Worker.Tests.Privacy;

/// <summary>Exports and deletions while apps are away, and when they stay away.</summary>
public sealed class PrivacyActivityTests(PrivacyFixture worker) : IClassFixture<PrivacyFixture>
{
    [Fact]
    public async Task An_export_waits_for_apps_that_are_away_and_holds_every_row_once()
    {
        var request = PrivacyFixture.Request("export");
        worker.Refuse("scan", "GET", request.UserId, 1);
        worker.Refuse("my", "PUT", request.RequestId, 2);
        worker.Refuse("character", "GET", request.UserId, 1, status: 500);

        Assert.Equal("SUCCESS", await worker.DeliverAsync(request));
        var end = await worker.EndAsync(request);

        Assert.Equal(("succeeded", 1), (end.GetProperty("status").GetString(), end.GetProperty("parts").GetInt32()));
        Assert.Equal(["archive-1"], worker.Objects(request.RequestId));
        var archive = await worker.ReadAsync(request.RequestId, "archive-1");
        Assert.Equal(archive.Length, end.GetProperty("bytes").GetInt64());
        using var zip = new ZipArchive(new MemoryStream(archive));
        foreach (var (file, app) in new[] { ("account", "auth"), ("profile", "my"), ("scans", "scan"), ("pictures", "image"), ("characters", "character") })
        {
            using var stream = zip.GetEntry($"{file}.json")!.Open();
            var rows = JsonSerializer.Deserialize<JsonElement>(stream).GetProperty($"{app}_things").EnumerateArray();
            Assert.Equal([1, 2], rows.Select(row => row.GetProperty("page").GetInt32()));
        }
    }

    [Fact]
    public async Task A_deletion_waits_for_apps_that_are_away_and_erases_nothing_before_all_are_closed()
    {
        var request = PrivacyFixture.Request("deletion");
        worker.Refuse("auth", "PUT", request.UserId, 1);
        worker.Refuse("image", "DELETE", request.UserId, 1);

        await worker.DeliverAsync(request);
        var end = await worker.EndAsync(request);

        var calls = worker.About(request.UserId);
        var erased = calls.Where(call => call.Method == "DELETE").Select(call => call.App).ToList();
        var lastClosed = calls.FindLastIndex(call => call.Method == "PUT");
        Assert.Equal("succeeded", end.GetProperty("status").GetString());
        Assert.Equal(["auth", "character", "image", "my", "scan"], calls.Take(lastClosed + 1).Where(call => call.Method == "PUT").Select(call => call.App).Distinct().Order(StringComparer.Ordinal));
        Assert.True(lastClosed < calls.FindIndex(call => call.Method == "DELETE"));
        Assert.Equal(["scan", "image", "image", "character", "my", "auth"], erased);
        var told = worker.About(request.RequestId).Last(call => call.Path.EndsWith("/steps/pictures", StringComparison.Ordinal));
        Assert.Equal(2, JsonElement.Parse(told.Body).GetProperty("removed").GetProperty("image_things").GetInt64());
    }

    [Theory]
    [InlineData("scan", 503)]
    [InlineData("scan", 500)]
    [InlineData("my", 503)]
    public async Task A_step_whose_app_is_away_fails_and_is_never_taken_for_one_that_found_nothing(string app, int status)
    {
        var (export, deletion) = (PrivacyFixture.Request("export"), PrivacyFixture.Request("deletion"));
        foreach (var (method, id) in new[] { ("GET", export.UserId), ("DELETE", deletion.UserId), ("PUT", app == "my" ? export.RequestId : Guid.Empty), ("PUT", app == "my" ? deletion.RequestId : Guid.Empty) })
        {
            worker.Refuse(app, method, id, 100, status);
        }

        var collect = await Assert.ThrowsAsync<HttpRequestException>(() => worker.Activity<CollectDataActivity>().RunAsync(null!, new CollectData(export, "scans")));
        var erase = await Assert.ThrowsAsync<HttpRequestException>(() => worker.Activity<EraseDataActivity>().RunAsync(null!, new EraseData(deletion, "scans")));

        Assert.Equal(((HttpStatusCode)status, (HttpStatusCode)status), (collect.StatusCode, erase.StatusCode));
        Assert.DoesNotContain(worker.About(export.RequestId).Concat(worker.About(deletion.RequestId)), call => call.Body.Contains("succeeded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_export_that_failed_for_good_says_so_and_leaves_no_object()
    {
        var request = PrivacyFixture.Request("export");
        foreach (var step in (string[])["account", "profile"])
        {
            Assert.Equal(new Collected(2), await worker.Activity<CollectDataActivity>().RunAsync(null!, new CollectData(request, step)));
        }

        Assert.Equal(4, worker.Objects(request.RequestId).Length);
        var outcome = await worker.Activity<EndRequestActivity>().RunAsync(null!, new EndRequest(request, new PrivacyEnd("failed")));

        Assert.Equal(new PrivacyOutcome("failed"), outcome);
        Assert.Equal("failed", (await worker.EndAsync(request)).GetProperty("status").GetString());
        Assert.Empty(worker.Objects(request.RequestId));
    }

    [Fact]
    public async Task An_archive_is_not_made_of_less_than_was_collected()
    {
        var request = PrivacyFixture.Request("export");
        await worker.Activity<CollectDataActivity>().RunAsync(null!, new CollectData(request, "account"));
        worker.Lose(request.RequestId, "account-2");

        await Assert.ThrowsAsync<IOException>(() => worker.Activity<PackArchiveActivity>().RunAsync(null!, new PackArchive(request, [2])));

        Assert.Equal(["account-1"], worker.Objects(request.RequestId));
        Assert.DoesNotContain(worker.About(request.RequestId), call => call.Path.EndsWith("/archive", StringComparison.Ordinal) && call.Body.Contains("succeeded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_export_whose_user_was_deleted_ends_without_asking_further_and_leaves_no_object()
    {
        var request = PrivacyFixture.Request("export");
        worker.Refuse("my", "PUT", request.RequestId, 1, status: 404);

        var unasked = await worker.Activity<CollectDataActivity>().RunAsync(null!, new CollectData(request, "scans"));
        Assert.Empty(worker.About(request.UserId));
        await worker.Activity<CollectDataActivity>().RunAsync(null!, new CollectData(request, "scans"));
        worker.Refuse("my", "PUT", request.RequestId, 1, status: 404);
        var ended = await worker.Activity<EndRequestActivity>().RunAsync(null!, new EndRequest(request, new PrivacyEnd("succeeded", 1, 10)));

        Assert.Equal((new Collected(0, Wanted: false), new PrivacyOutcome("unwanted")), (unasked, ended));
        Assert.Empty(worker.Objects(request.RequestId));
    }

    [Fact]
    public async Task A_message_that_comes_again_begins_nothing_again()
    {
        var (request, fence) = (PrivacyFixture.Request("deletion"), PrivacyFixture.Request("deletion"));
        Assert.Equal(["SUCCESS", "SUCCESS"], await Task.WhenAll(worker.DeliverAsync(request), worker.DeliverAsync(request)));
        await worker.EndAsync(request);

        Assert.Equal("SUCCESS", await worker.DeliverAsync(request));
        await worker.DeliverAsync(fence);
        await worker.EndAsync(fence);

        Assert.Equal(5, worker.About(request.UserId).Count(call => call.Method == "DELETE"));
    }

    [Fact]
    public async Task A_message_that_names_no_request_or_no_kind_is_dropped()
    {
        var good = PrivacyFixture.Request("export");

        foreach (var bad in (PrivacyRequested[])[good with { Kind = "backup" }, good with { UserId = Guid.Empty }, good with { RequestId = Guid.Empty }])
        {
            Assert.Equal("DROP", await worker.DeliverAsync(bad));
        }

        Assert.Empty(worker.About(good.UserId));
    }
}
