using Eco2.Contracts.Privacy;
using Eco2.Testing;
using Xunit;

namespace Eco2.Worker.Tests.Privacy;

/// <summary>A history that is forgotten leaves nothing in the state store, and a late copy of its message brings none back.</summary>
public sealed class HistoryTests(PrivacyFixture worker) : IClassFixture<PrivacyFixture>
{
    [Fact]
    public async Task Nothing_remains_of_a_forgotten_instance_and_the_others_stay()
    {
        var (export, deletion, kept) = (PrivacyFixture.Request("export"), PrivacyFixture.Request("deletion"), PrivacyFixture.Request("export"));
        foreach (var request in (PrivacyRequested[])[export, deletion, kept])
        {
            await worker.DeliverAsync(request);
            await worker.EndAsync(request);
        }

        string[] gone = [export.InstanceId(), deletion.InstanceId(), Guid.CreateVersion7().ToString("D")];
        Assert.True(await worker.LeftAsync(export.InstanceId()) > 0);
        Assert.True(await worker.LeftAsync(export.UserId.ToString("D")) > 0);

        await Eventually.TrueAsync(async () => await worker.ForgetAsync(gone) == (200, 0), "all are removed");
        var again = await worker.ForgetAsync(gone);

        Assert.Equal((200, 0), again);
        foreach (var request in (PrivacyRequested[])[export, deletion])
        {
            Assert.Equal((0, 0), (await worker.LeftAsync(request.InstanceId()), await worker.LeftAsync(request.UserId.ToString("D"))));
        }

        Assert.True(await worker.LeftAsync(kept.InstanceId()) > 0);
    }

    [Fact]
    public async Task One_that_still_runs_is_stopped_first()
    {
        var request = PrivacyFixture.Request("export");
        worker.Refuse("scan", "GET", request.UserId, 1000);
        await worker.DeliverAsync(request);
        await Eventually.TrueAsync(() => worker.About(request.UserId).Any(call => call.App == "scan"), "it waits for scan");

        await Eventually.TrueAsync(async () => await worker.ForgetAsync(request.InstanceId()) == (200, 0), "it is removed");

        await Eventually.TrueAsync(async () => await worker.LeftAsync(request.InstanceId()) == 0, "nothing remains");
    }

    [Fact]
    public async Task A_copy_of_the_message_that_comes_when_nobody_knows_the_export_any_more_leaves_no_history()
    {
        var request = PrivacyFixture.Request("export");
        worker.Refuse("my", "PUT", request.RequestId, 1000, status: 404);

        Assert.Equal("SUCCESS", await worker.DeliverAsync(request));

        Assert.Equal(0, await worker.LeftAsync(request.RequestId.ToString("D")));
    }

    [Fact]
    public async Task Only_ids_of_the_products_own_workflows_are_taken_and_no_more_than_a_batch()
    {
        var some = Enumerable.Range(0, 51).Select(_ => Guid.CreateVersion7().ToString("D")).ToArray();

        (int, int)[] answers = [await worker.ForgetAsync("anything"), await worker.ForgetAsync("export-../x"), await worker.ForgetAsync(some), await worker.ForgetAsync(some[..50])];

        Assert.Equal([(400, 0), (400, 0), (400, 0), (200, 0)], answers);
    }
}
