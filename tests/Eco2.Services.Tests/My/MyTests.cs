using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.My;

public sealed class MyTests : IAsyncLifetime
{
    private readonly Guid user = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private readonly Guid other = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private ServiceHost host = null!;
    private NpgsqlDataSource db = null!;

    public async Task InitializeAsync()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        host = await ServiceHost.StartAsync(Eco2.My.Program.Build, postgres);
        db = NpgsqlDataSource.Create(postgres + ";Search Path=my");
        await RegisterAsync(user, "에코");
        await RegisterAsync(other, null);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await db.DisposeAsync();
    }

    [Fact]
    public async Task A_registration_makes_the_profile_and_its_repeat_changes_nothing()
    {
        await PatchAsync(user, """{"nickname":"새 이름"}""");
        await RegisterAsync(user, "에코");

        var mine = await GetAsync(user, "");
        var theirs = await GetAsync(other, "");

        Assert.Equal("새 이름", mine.GetProperty("display_name").GetString());
        Assert.Equal("새 이름", mine.GetProperty("username").GetString());
        Assert.Equal("password", mine.GetProperty("provider").GetString());
        Assert.Equal("사용자", theirs.GetProperty("display_name").GetString());
    }

    [Fact]
    public async Task A_nickname_that_cannot_be_asked_for_now_is_asked_for_again_and_the_profile_is_there_meanwhile()
    {
        // Nobody listens where this app's sidecar would be.
        var who = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        var message = new { user_id = who, provider = "password", has_nickname = true, registered_at = "2026-03-01T00:00:00Z" };

        var first = await BringAsync(message);
        var profile = await GetAsync(who, "");
        var again = await BringAsync(message);
        await PatchAsync(who, """{"nickname":"새 이름"}""");
        var named = await BringAsync(message);

        Assert.Equal(["RETRY", "RETRY", "SUCCESS"], [first, again, named]);
        Assert.Equal("사용자", profile.GetProperty("display_name").GetString());
        Assert.Equal("새 이름", (await GetAsync(who, "")).GetProperty("display_name").GetString());

        async Task<string> BringAsync(object data)
        {
            using var content = new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(data) + "}", Encoding.UTF8, "application/cloudevents+json");
            using var answer = await host.Client.PostAsync("/events/user-registered", content);
            return (await answer.JsonAsync()).GetProperty("status").GetString()!;
        }
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.UnprocessableEntity, "NO_CHANGES_PROVIDED")]
    [InlineData("""{"nickname":"   "}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"nickname":5}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"email":"x@example.com"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"nickname":"a\u0000b"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"nickname":"ad\u200bmin"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"nickname":"\u202enimda"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"phone_number":"02-123-4567"}""", HttpStatusCode.UnprocessableEntity, "INVALID_PHONE_NUMBER")]
    [InlineData("""{"phone_number":"+1 202 555 0100"}""", HttpStatusCode.UnprocessableEntity, "INVALID_PHONE_NUMBER")]
    [InlineData("""{"phone_number":"010-1234-5678-9"}""", HttpStatusCode.UnprocessableEntity, "INVALID_PHONE_NUMBER")]
    public async Task A_change_that_breaks_a_rule_is_refused(string body, HttpStatusCode status, string code) =>
        await (await PatchAsync(user, body)).IsProblemAsync(status, code, "my");

    [Theory]
    [InlineData("010-1234-5678")]
    [InlineData("+82 10 1234 5678")]
    [InlineData("+82 010-1234-5678")]
    [InlineData("01012345678")]
    public async Task A_phone_number_is_kept_in_one_form_and_belongs_to_one_user(string typed)
    {
        var changed = await (await PatchAsync(user, JsonSerializer.Serialize(new { phone_number = typed }))).JsonAsync();
        var taken = await PatchAsync(other, """{"phone_number":"01012345678"}""");

        Assert.Equal("+821012345678", changed.GetProperty("phone_number").GetString());
        await taken.IsProblemAsync(HttpStatusCode.Conflict, "PHONE_IN_USE", "my");
    }

    [Fact]
    public async Task A_nickname_typed_letter_by_letter_or_with_emoji_is_kept_whole()
    {
        var changed = await (await PatchAsync(user, """{"nickname":" \u1112\u1161\u11ab\uD83D\uDC9A "}""")).JsonAsync();
        var tooLong = await PatchAsync(user, JsonSerializer.Serialize(new { nickname = new string('가', 100_000) }));

        Assert.Equal("한💚", changed.GetProperty("nickname").GetString());
        Assert.True(tooLong.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Two_hundred_grants_in_a_batch_arrive_and_repeats_change_nothing()
    {
        var grants = Enumerable.Range(0, 100).SelectMany(i => new[] { Grant(user, $"char-{i}"), Grant(user, $"char-{i}") }).Append(Grant(other, "char-1")).ToList();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => DeliverAsync("character-granted", [.. grants, "\"broken\""])));

        foreach (var answer in answers)
        {
            var statuses = answer.GetProperty("statuses").EnumerateArray().Select(s => s.GetProperty("status").GetString()).ToList();
            Assert.Equal(201, statuses.Count(s => s == "SUCCESS"));
            Assert.Equal(1, statuses.Count(s => s == "DROP"));
        }

        Assert.Equal(100, (await GetAsync(user, "/characters")).GetArrayLength());
        Assert.Equal(1, (await GetAsync(other, "/characters")).GetArrayLength());
    }

    [Fact]
    public async Task Ownership_is_answered_by_code_and_by_name()
    {
        await DeliverAsync("character-granted", [Grant(user, "char-petty", "페티")]);

        var byCode = await GetAsync(user, "/characters/char-petty/ownership");
        var byName = await GetAsync(user, $"/characters/{Uri.EscapeDataString("페티")}/ownership");
        var notOwned = await GetAsync(other, "/characters/char-petty/ownership");

        Assert.True(byCode.GetProperty("owned").GetBoolean());
        Assert.Equal("char-petty", byName.GetProperty("character_code").GetString());
        Assert.False(notOwned.GetProperty("owned").GetBoolean());
    }

    [Fact]
    public async Task Stats_count_each_finished_scan_once()
    {
        var job = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        string[] jobs = [Finished(job, user, "succeeded"), Finished(job, user, "succeeded"), Finished(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), user, "failed")];
        await DeliverAsync("job-finished", jobs);
        await DeliverAsync("job-finished", jobs);
        await DeliverAsync("character-granted", [Grant(user, "char-petty")]);

        var stats = await GetAsync(user, "/stats");
        var none = await GetAsync(other, "/stats");

        Assert.Equal(1, stats.GetProperty("scans").GetInt64());
        Assert.Equal(1, stats.GetProperty("characters").GetProperty("owned").GetInt64());
        Assert.Equal(13, stats.GetProperty("characters").GetProperty("total").GetInt32());
        Assert.Equal(0, none.GetProperty("scans").GetInt64());
        Assert.Equal(0, none.GetProperty("by_category").GetArrayLength());
    }

    [Fact]
    public async Task Nobody_is_401_and_no_uuid_is_401()
    {
        await (await host.Client.GetAsync(new Uri("/api/v1/users/me", UriKind.Relative))).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "my");
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me");
        request.Headers.Add("X-User-Id", "1 or 1=1");
        await (await host.Client.SendAsync(request)).IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_USER_ID_FORMAT", "my");
    }

    private static string Grant(Guid owner, string code, string name = "이름") => JsonSerializer.Serialize(new
    {
        ownership_id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()),
        user_id = owner,
        character = new { code, name, type = "t", dialog = "d", image_url = "/i" },
        source = "scan",
        acquired_at = "2026-03-01T11:04:05+09:00",
    });

    private static string Finished(Guid job, Guid owner, string status) => JsonSerializer.Serialize(new
    {
        job_id = job, user_id = owner, kind = "scan", status, finished_at = "2026-03-01T00:00:00Z", result = new { task_id = job },
    });

    private async Task<JsonElement> DeliverAsync(string topic, IReadOnlyList<string> messages)
    {
        var entries = messages.Select((m, i) => $$$"""{"entryId":"{{{i}}}","contentType":"application/cloudevents+json","metadata":{},"event":{"specversion":"1.0","id":"{{{i}}}","data":{{{m}}}}}""");
        var body = $$"""{"id":"x","topic":"t","pubsubname":"pubsub","entries":[{{string.Join(',', entries)}}]}""";
        var answer = await host.Client.PostAsync($"/events/{topic}", Answers.Json(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    private async Task RegisterAsync(Guid id, string? nickname)
    {
        var data = JsonSerializer.Serialize(new { user_id = id, provider = "password", nickname, registered_at = "2026-03-01T00:00:00Z" });
        var answer = await host.Client.PostAsync("/events/user-registered", new StringContent("{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + data + "}", Encoding.UTF8, "application/cloudevents+json"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task<JsonElement> GetAsync(Guid who, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/users/me" + path);
        request.Headers.Add("X-User-Id", who.ToString());
        var answer = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    private Task<HttpResponseMessage> PatchAsync(Guid who, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/users/me") { Content = Answers.Json(body) };
        request.Headers.Add("X-User-Id", who.ToString());
        request.Headers.Add("If-Match", "*");
        return host.Client.SendAsync(request);
    }
}
