using System.Net;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>Three scans at a time for a user, plenty for all.</summary>
public sealed class SmallUsersFixture : ScanFixture
{
    protected override string[] Limits => ["Scan:MaxInFlightPerUser=3"];
}

/// <summary>Four scans at a time for all.</summary>
public sealed class SmallSystemFixture : ScanFixture
{
    protected override string[] Limits => ["Scan:MaxInFlight=4"];
}

/// <summary>A user who wants too much is refused, and only he.</summary>
public sealed class FullUserTests(SmallUsersFixture fixture) : IClassFixture<SmallUsersFixture>
{
    private readonly Submitter submit = new(fixture);

    [Fact]
    public async Task Of_twelve_scans_sent_at_once_as_many_are_accepted_as_a_user_may_have()
    {
        var user = Guid.CreateVersion7();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => submit.PostAsync(user, $"number-{n:D2}-{user}")));
        using var other = await submit.PostAsync(Guid.CreateVersion7());

        Assert.Equal(3, answers.Count(a => a.StatusCode == HttpStatusCode.Accepted));
        foreach (var refused in answers.Where(a => a.StatusCode != HttpStatusCode.Accepted))
        {
            await refused.IsProblemAsync(HttpStatusCode.TooManyRequests, "RATE_LIMITED", "scan");
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3, 6);
        }

        Assert.Equal(HttpStatusCode.Accepted, other.StatusCode);
    }

    [Fact]
    public async Task Whoever_hammers_is_refused_without_asking_for_the_picture_each_time()
    {
        var user = Guid.CreateVersion7();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => submit.AcceptedAsync(user)));
        var before = fixture.Line.PicturesAsked;

        for (var n = 0; n < 40; n++)
        {
            using var refused = await submit.PostAsync(user);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        // Once a second somebody looks.
        Assert.InRange(fixture.Line.PicturesAsked - before, 1, 20);
    }

    [Fact]
    public async Task The_end_of_a_scan_makes_room_and_a_known_key_needs_none()
    {
        var user = Guid.CreateVersion7();
        var jobs = new List<Job>();
        for (var n = 0; n < 3; n++)
        {
            jobs.Add(await submit.AcceptedAsync(user, $"number-{n}-{user}"));
        }

        using var full = await submit.PostAsync(user);
        var again = await submit.AcceptedAsync(user, $"number-1-{user}");
        await submit.FinishAsync(jobs[0]);

        Assert.Equal(HttpStatusCode.TooManyRequests, full.StatusCode);
        Assert.Equal(jobs[1], again);
        await submit.AcceptedInTheEndAsync(user);
    }

    [Fact]
    public async Task Deleting_a_running_scan_hides_it_but_makes_no_room_before_its_end()
    {
        var user = Guid.CreateVersion7();
        var jobs = new List<Job>();
        for (var n = 0; n < 3; n++)
        {
            jobs.Add(await submit.AcceptedAsync(user));
        }

        using var deleted = await submit.DeleteAsync(jobs[0]);
        using var gone = await submit.DeleteAsync(jobs[0]);
        using var full = await submit.PostAsync(user);
        await submit.FinishAsync(jobs[0]);

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests], [deleted.StatusCode, gone.StatusCode, full.StatusCode]);
        await submit.AcceptedInTheEndAsync(user);
        using var still = await submit.DeleteAsync(jobs[0]);
        Assert.Equal(HttpStatusCode.NotFound, still.StatusCode);
    }
}

/// <summary>A full system refuses everybody, and goes on with what it has.</summary>
public sealed class FullSystemTests(SmallSystemFixture fixture) : IClassFixture<SmallSystemFixture>
{
    private readonly Submitter submit = new(fixture);

    [Fact]
    public async Task A_full_system_refuses_what_is_new_keeps_what_it_has_and_takes_more_when_there_is_room()
    {
        var (user, key) = (Guid.CreateVersion7(), $"key-{Guid.CreateVersion7()}");
        var first = await submit.AcceptedAsync(user, key);
        for (var n = 0; n < 3; n++)
        {
            await submit.AcceptedAsync(Guid.CreateVersion7());
        }

        var stranger = Guid.CreateVersion7();
        using var refused = await submit.PostAsync(stranger, words: "나만 아는 말");
        var again = await submit.AcceptedAsync(user, key);
        await submit.FinishAsync(first);

        await refused.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "scan");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 3, 6);
        Assert.Equal(first, again);
        Assert.Equal(0, await fixture.Line.CountAsync(stranger));
        await submit.AcceptedInTheEndAsync(Guid.CreateVersion7());
    }
}

/// <summary>Sends scans and ends them.</summary>
internal sealed class Submitter(ScanFixture fixture)
{
    internal Task<HttpResponseMessage> PostAsync(Guid user, string? key = null, string? words = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/scan")
        {
            Content = Answers.Json($$"""{"image_key":"scan/{{user:D}}/0198c0de-0000-7000-8000-000000000003","user_input":{{(words is null ? "null" : $"\"{words}\"")}}}"""),
            Headers = { { "X-User-Id", user.ToString("D") } },
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return fixture.Scan.Client.SendAsync(request);
    }

    internal async Task<Job> AcceptedAsync(Guid user, string? key = null)
    {
        using var answer = await PostAsync(user, key);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return new Job((await answer.JsonAsync()).GetProperty("job_id").GetGuid(), user);
    }

    internal Task AcceptedInTheEndAsync(Guid user) => Eventually.TrueAsync(
        async () =>
        {
            using var answer = await PostAsync(user);
            return answer.StatusCode == HttpStatusCode.Accepted;
        },
        "there is room again");

    internal Task FinishAsync(Job job) => Task.WhenAll(job.WholeScan().Select(fixture.Line.PublishAsync));

    internal Task<HttpResponseMessage> DeleteAsync(Job job) => fixture.Scan.Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/scan/{job.Id:D}") { Headers = { { "X-User-Id", job.UserId.ToString("D") } } });
}
