using System.Net;
using Eco2.Services.Tests.EventRouter;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>A submission that is refused leaves nothing behind: no log, no words, whoever sent it.</summary>
public sealed class RefusedSubmitTests(SmallUsersFixture fixture) : IClassFixture<SmallUsersFixture>
{
    private readonly ScanUser user = new(fixture.Scan);

    public static TheoryData<string, string, HttpStatusCode> Refusals() => new()
    {
        { "the model is not offered", """{"image_key":"PICTURE","user_input":"나만 아는 말","model":"gpt-999"}""", HttpStatusCode.BadRequest },
        { "the words are too long", $$"""{"image_key":"PICTURE","user_input":"{{new string('말', 501)}}"}""", HttpStatusCode.BadRequest },
        { "the picture is somebody else's", $$"""{"image_key":"scan/{{Guid.CreateVersion7():D}}/0198c0de-0000-7000-8000-000000000003","user_input":"나만 아는 말"}""", HttpStatusCode.NotFound },
        { "nobody can say whose the picture is", $$"""{"image_key":"scan/USER/{{LineFixture.Unreachable:D}}","user_input":"나만 아는 말"}""", HttpStatusCode.ServiceUnavailable },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Nothing_is_left_when(string why, string body, HttpStatusCode status)
    {
        _ = why;
        using var answer = await user.PostAsync(body.Replace("PICTURE", user.Key, StringComparison.Ordinal).Replace("USER", user.Id.ToString("D"), StringComparison.Ordinal));

        Assert.Equal((status, 0), (answer.StatusCode, await fixture.Line.CountAsync(user.Id)));
    }

    [Fact]
    public async Task A_key_that_comes_again_leaves_what_the_first_one_left_and_no_more()
    {
        var key = $"key-{Guid.CreateVersion7()}";
        using var first = await user.PostAsync(Body("처음 말"), key);
        var before = await LeftAsync();

        // At once, so that some see the key taken only when they write.
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => user.PostAsync(Body(n % 2 == 0 ? "처음 말" : "다른 말"), key)));

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
        Assert.Equal((2, 2), (before, await LeftAsync()));
    }

    [Fact]
    public async Task Of_many_at_once_only_those_that_are_accepted_leave_their_log_and_their_words()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => user.PostAsync(Body($"말 {n}"))));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.TooManyRequests));
        Assert.Equal(6, await LeftAsync());
    }

    private string Body(string words) => $$"""{"image_key":"{{user.Key}}","user_input":"{{words}}"}""";

    /// <summary>Documents of this user in the store of jobs. Messages that wait for the worker stand in no store of state.</summary>
    private Task<int> LeftAsync() => fixture.Line.CountAsync(user.Id);
}
