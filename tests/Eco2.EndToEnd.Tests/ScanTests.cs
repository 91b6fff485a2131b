using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
[Trait("on", "each-target")]
public sealed class ScanTests(EcoSystem system)
{
    private static readonly string[] WholeStory =
    [
        "queued started", "vision started", "vision completed", "rule started", "rule completed",
        "answer started", "answer completed", "reward started", "reward completed", "done completed",
    ];

    [Fact]
    public async Task A_photo_becomes_an_answer_that_streams_in_order()
    {
        using var user = await User.SignUpAsync(system);
        var job = await user.SubmitAsync("생수병");

        var events = await user.EventsAsync(job.StreamUrl);
        var result = await user.ResultAsync(job);

        Assert.Equal(WholeStory, events.Select(e => $"{e.Stage} {e.Status}").Select(e => e.Replace("skipped", "completed", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => e.Seq));
        Assert.Equal(events.Select(e => e.Progress).Order(), events.Select(e => e.Progress));
        Assert.Equal("completed", result.Status);
        Assert.Equal("clear_pet.water", result.Vision!.Primary.ItemCode);
        Assert.NotEmpty(result.Answer!.Steps);
        Assert.Equal("clear_pet", result.Answer.Rule!.Key);
        Assert.InRange(result.Answer.UserAnswer.Length, 50, 900);
    }

    [Fact]
    public async Task Times_on_the_wire_are_UTC_in_milliseconds()
    {
        using var user = await User.SignUpAsync(system);
        var job = await user.SubmitAsync("캔");
        await user.EventsAsync(job.StreamUrl);

        var result = await user.Http.GetStringAsync(job.ResultUrl);
        var view = await user.Http.GetStringAsync($"/api/v1/jobs/{job.JobId}");

        Assert.Matches("\"created_at\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\"", result);
        Assert.DoesNotContain("+00:00", result + view, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_opened_again_goes_on_exactly_where_it_ended()
    {
        using var user = await User.SignUpAsync(system);
        var job = await user.SubmitAsync("종이상자");
        var all = await user.EventsAsync(job.StreamUrl);

        foreach (var last in all.SkipLast(1))
        {
            var rest = await user.EventsAsync(job.StreamUrl, $"{last.Seq}");

            Assert.Equal(all.Skip(last.Seq).Select(e => e.EventId), rest.Select(e => e.EventId));
        }
    }

    [Fact]
    public async Task The_same_key_and_body_is_the_same_job_and_another_body_is_a_conflict()
    {
        using var user = await User.SignUpAsync(system);
        var image = await user.UploadAsync();
        var body = new { image_key = image.Key, user_input = "캔" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => user.PostScanAsync(body, "one-key-for-eight-requests")));
        var jobs = await Task.WhenAll(answers.Select(a => a.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted)));
        using var other = await user.PostScanAsync(new { image_key = image.Key, user_input = "병" }, "one-key-for-eight-requests");

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        Assert.Single(jobs.Select(j => j!.JobId).Distinct());
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        Assert.Equal("IDEMPOTENCY_MISMATCH", (await other.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Nobody_else_can_see_stream_or_cancel_a_job_or_see_its_picture()
    {
        using var owner = await User.SignUpAsync(system);
        using var stranger = await User.SignUpAsync(system);
        using var nobody = new HttpClient { BaseAddress = system.Url };
        var image = await owner.UploadAsync();
        var job = await owner.SubmitAsync();
        await owner.EventsAsync(job.StreamUrl);
        string[] reads = [job.StreamUrl, job.ResultUrl, $"/api/v1/jobs/{job.JobId}", $"/api/v1/jobs/{job.JobId}/events", image.Url];

        foreach (var path in reads)
        {
            using var foreign = await stranger.Http.GetAsync(path);
            using var anonymous = await nobody.GetAsync(path);

            Assert.Equal((path, HttpStatusCode.NotFound), (path, foreign.StatusCode));
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, anonymous.StatusCode));
        }

        using var cancel = await stranger.Http.DeleteAsync($"/api/v1/jobs/{job.JobId}");
        Assert.Equal(HttpStatusCode.NotFound, cancel.StatusCode);
        using var theft = await stranger.PostScanAsync(new { image_key = image.Key });
        Assert.Equal(HttpStatusCode.NotFound, theft.StatusCode);
    }

    [Fact]
    public async Task A_clean_bottle_wins_its_character_once_and_it_shows_in_the_collection()
    {
        using var user = await User.SignUpAsync(system);
        await Eventually.TrueAsync(async () => (await CharactersAsync(user)).Contains("char-eco"), "the mascot came with the account");

        // The local model sees a material and takes the rest from the words.
        var first = await user.SubmitAsync("깨끗한 빈 생수병");
        await user.EventsAsync(first.StreamUrl);
        var reward = (await user.ResultAsync(first)).Reward!;
        var again = await user.SubmitAsync("깨끗한 빈 생수병");
        await user.EventsAsync(again.StreamUrl);
        var repeat = (await user.ResultAsync(again)).Reward!;

        Assert.Equal(("granted", "char-petty"), (reward.Status, reward.Character?.Code));
        Assert.Equal(("not_eligible", "DUPLICATE_IMAGE"), (repeat.Status, repeat.ReasonCode));
        await Eventually.TrueAsync(async () => (await CharactersAsync(user)).Contains("char-petty"), "the collection hears of it");
        Assert.Equal(2, (await CharactersAsync(user)).Count);
    }

    [Fact]
    public async Task The_history_shows_finished_scans_newest_first()
    {
        using var user = await User.SignUpAsync(system);
        foreach (var words in (string[])["신문지", "유리병", "캔"])
        {
            await user.EventsAsync((await user.SubmitAsync(words)).StreamUrl);
        }

        var page = await UntilAsync(user, "/api/v1/scan?limit=2", p => p.GetProperty("scans").EnumerateArray().All(s => s.GetProperty("status").GetString() == "succeeded"));
        var next = await user.Http.GetFromJsonAsync<JsonElement>($"/api/v1/scan?limit=2&cursor={Uri.EscapeDataString(page.GetProperty("next_cursor").GetString()!)}");

        Assert.Equal(2, page.GetProperty("scans").GetArrayLength());
        Assert.Equal(1, next.GetProperty("scans").GetArrayLength());
    }

    private static async Task<JsonElement> UntilAsync(User user, string path, Func<JsonElement, bool> holds)
    {
        JsonElement page = default;
        await Eventually.TrueAsync(async () => holds(page = await user.Http.GetFromJsonAsync<JsonElement>(path)), path);
        return page;
    }

    private static async Task<List<string>> CharactersAsync(User user) =>
        [.. (await user.Http.GetFromJsonAsync<JsonElement>("/api/v1/users/me/characters")).EnumerateArray().Select(c => c.GetProperty("code").GetString()!)];
}
