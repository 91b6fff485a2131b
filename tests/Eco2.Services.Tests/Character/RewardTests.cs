using System.Net;
using System.Net.Http.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Character;

public sealed class RewardTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private readonly Guid user = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private ServiceHost host = null!;
    private NpgsqlDataSource db = null!;
    private int pictures;

    public async Task InitializeAsync()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        host = await ServiceHost.StartAsync(Eco2.Character.Program.Build, postgres, clock);
        db = NpgsqlDataSource.Create(postgres + ";Search Path=character");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await db.DisposeAsync();
    }

    [Fact]
    public async Task A_clean_water_bottle_earns_petty_once_and_is_announced_once()
    {
        var first = await EvaluateAsync(Scan());
        var second = await EvaluateAsync(Scan());

        Assert.Equal("granted", first.GetProperty("status").GetString());
        Assert.Equal("페티", first.GetProperty("character").GetProperty("name").GetString());
        Assert.Equal("무색페트병>음료PET병", first.GetProperty("match_reason").GetString());
        Assert.Equal("already_owned", second.GetProperty("status").GetString());
        Assert.Equal(1, await CountAsync("select count(*) from ownership"));
        Assert.Equal(1, await CountAsync("select count(*) from outbox where topic = 'character.granted' and component = 'pubsub'"));
    }

    [Fact]
    public async Task The_same_job_fifty_times_at_once_is_one_grant_with_one_answer()
    {
        var scan = Scan();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await EvaluateAsync(scan)).GetRawText()));

        Assert.Single(answers.Distinct());
        Assert.Contains("granted", answers[0], StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync("select count(*) from ownership"));
        Assert.Equal(1, await CountAsync("select count(*) from outbox"));
    }

    [Fact]
    public async Task Fifty_jobs_at_once_for_one_character_grant_it_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await EvaluateAsync(Scan())).GetProperty("status").GetString()));

        Assert.Equal(1, answers.Count(s => s == "granted"));
        Assert.Equal(49, answers.Count(s => s == "already_owned"));
        Assert.Equal(1, await CountAsync("select count(*) from outbox"));
    }

    public static TheoryData<string, object> Refusals => new()
    {
        { "UNCLASSIFIED", new { classified = false, multiple = true, confidence = 0.1 } },
        { "MULTIPLE_ITEMS", new { multiple = true, confidence = 0.1, final_major_code = "general" } },
        { "LOW_CONFIDENCE", new { confidence = 0.54, final_major_code = "general" } },
        { "NOT_RECYCLABLE", new { final_major_code = "general", final_middle_code = "general", rule_found = false } },
        { "NO_RULE", new { rule_found = false, blocking_insufficiency = true } },
        { "INSUFFICIENT", new { blocking_insufficiency = true } },
        { "NO_CHARACTER", new { final_middle_code = "unheard_of" } },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task The_first_condition_that_fails_is_the_reason(string code, object changes)
    {
        var reward = await EvaluateAsync(Scan(changes));

        Assert.Equal("not_eligible", reward.GetProperty("status").GetString());
        Assert.Equal(code, reward.GetProperty("reason_code").GetString());
        Assert.False(reward.TryGetProperty("character", out _));
    }

    [Fact]
    public async Task The_same_picture_earns_nothing_the_second_time_but_another_user_may_have_it()
    {
        await EvaluateAsync(Scan(new { image_sha256 = "same" }));

        var again = await EvaluateAsync(Scan(new { image_sha256 = "same", final_middle_code = "glass" }));
        var other = await EvaluateAsync(Scan(new { image_sha256 = "same", user_id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()) }));

        Assert.Equal("DUPLICATE_IMAGE", again.GetProperty("reason_code").GetString());
        Assert.Equal("granted", other.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_daily_limit_counts_days_of_Seoul()
    {
        await using var strict = await ServiceHost.StartAsync(Eco2.Character.Program.Build, db.ConnectionString, clock, "Character:DailyLimit=1");
        // 11:04 in Seoul; the day ends there at 15:00 UTC.
        await EvaluateAsync(Scan(), strict);

        var sameDay = await EvaluateAsync(Scan(new { final_middle_code = "glass" }), strict);
        clock.Advance(TimeSpan.FromHours(13));
        var nextDay = await EvaluateAsync(Scan(new { final_middle_code = "glass" }), strict);

        Assert.Equal("DAILY_LIMIT", sameDay.GetProperty("reason_code").GetString());
        Assert.Equal("granted", nextDay.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_feature_can_be_switched_off()
    {
        await using var off = await ServiceHost.StartAsync(Eco2.Character.Program.Build, db.ConnectionString, clock, "Character:RewardsEnabled=false");

        Assert.Equal("DISABLED", (await EvaluateAsync(Scan(new { classified = false }), off)).GetProperty("reason_code").GetString());
    }

    [Fact]
    public async Task A_sign_up_delivered_ten_times_at_once_gives_the_mascot_once()
    {
        var cloudEvent = $$$"""{"specversion":"1.0","id":"1","source":"auth","type":"t","data":{"user_id":"{{{user}}}","provider":"password","registered_at":"2026-03-01T00:00:00Z","new_member":1}}""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.Client.PostAsync("/events/user-registered", new StringContent(cloudEvent, System.Text.Encoding.UTF8, "application/cloudevents+json"))));

        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.Equal(1, await CountAsync("select count(*) from ownership where character_code = 'char-eco' and source = 'onboarding'"));
        Assert.Equal(1, await CountAsync("select count(*) from outbox"));
    }

    [Theory]
    [InlineData("""{"specversion":"1.0","id":"1","data":{"user_id":"nobody"}}""")]
    [InlineData("""{"specversion":"1.0","id":"1","data":{}}""")]
    [InlineData("""{"specversion":"1.0","id":"1"}""")]
    [InlineData("not json")]
    public async Task A_message_nobody_can_read_is_dropped_and_not_retried(string body)
    {
        var answer = await host.Client.PostAsync("/events/user-registered", new StringContent(body, System.Text.Encoding.UTF8, "application/cloudevents+json"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("DROP", (await answer.JsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Row_level_security_hides_other_users_even_from_a_wrong_query()
    {
        await EvaluateAsync(Scan());
        var runtime = (NpgsqlDataSource)host.Services.GetService(typeof(NpgsqlDataSource))!;

        await using var anybody = runtime.CreateCommand("select count(*) from ownership");

        Assert.Equal(0L, await anybody.ExecuteScalarAsync());
        Assert.Equal(1, await CountAsync("select count(*) from ownership"));
    }

    [Fact]
    public async Task The_catalogue_lists_thirteen_characters_and_answers_304_to_its_tag()
    {
        var answer = await host.Client.GetAsync(new Uri("/api/v1/character/catalog", UriKind.Relative));
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/character/catalog");
        request.Headers.Add("If-None-Match", answer.Headers.ETag!.ToString());

        var again = await host.Client.SendAsync(request);

        var list = (await answer.JsonAsync()).EnumerateArray().ToList();
        Assert.Equal(13, list.Count);
        Assert.Single(list, c => c.GetProperty("is_default").GetBoolean() && c.GetProperty("code").GetString() == "char-eco");
        Assert.Equal(12, list.Count(c => c.TryGetProperty("match_code", out _)));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    private Dictionary<string, object?> Scan(object? changes = null)
    {
        var scan = new Dictionary<string, object?>
        {
            ["user_id"] = user,
            ["job_id"] = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()),
            ["source"] = "scan",
            ["image_sha256"] = $"picture-{Interlocked.Increment(ref pictures)}",
            ["classified"] = true,
            ["multiple"] = false,
            ["confidence"] = 0.9,
            ["final_major_code"] = "recyclable",
            ["final_middle_code"] = "clear_pet",
            ["final_middle_name"] = "무색페트병",
            ["minor_name"] = "음료PET병",
            ["rule_found"] = true,
            ["blocking_insufficiency"] = false,
        };
        foreach (var property in changes?.GetType().GetProperties() ?? [])
        {
            scan[property.Name] = property.GetValue(changes);
        }

        return scan;
    }

    [Fact]
    public async Task An_actor_answers_for_its_own_user_only()
    {
        host.ExpectErrors();

        var answer = await host.Client.PutAsJsonAsync($"/actors/Rewards/{Guid.CreateVersion7():D}/method/EvaluateAsync", Scan());

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(0, await CountAsync("select count(*) from evaluations"));
    }

    private async Task<System.Text.Json.JsonElement> EvaluateAsync(Dictionary<string, object?> scan, ServiceHost? at = null)
    {
        // As the sidecar calls the actor of the user.
        var answer = await (at ?? host).Client.PutAsJsonAsync($"/actors/Rewards/{scan["user_id"]}/method/EvaluateAsync", scan);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = db.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
