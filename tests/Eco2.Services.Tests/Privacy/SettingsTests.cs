using System.Net;
using System.Text.Json;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

public sealed class SettingsTests : IAsyncLifetime
{
    private const string Path = "/api/v1/users/me/settings";
    private readonly Guid user = MyApp.NewId();
    private MyApp my = null!;

    public async Task InitializeAsync() => my = await MyApp.StartAsync();

    public async Task DisposeAsync() => await my.DisposeAsync();

    [Fact]
    public async Task Nobody_consents_before_saying_so_and_everybody_has_the_usual_times()
    {
        var (settings, tag) = await GetAsync(user);

        Assert.Equal("""{"consents":{"analytics":false,"improvement":false},"retention":{"result_days":180,"picture_days":30}}""", settings.GetRawText());
        Assert.Equal("\"0\"", tag);
    }

    [Fact]
    public async Task A_change_changes_what_it_names_for_its_owner_alone_and_is_told_to_who_keeps_things()
    {
        var first = await PatchAsync("""{"consents":{"analytics":true},"retention":{"picture_days":7}}""", "\"0\"");
        var second = await PatchAsync("""{"retention":{"result_days":1095}}""", first.Headers.ETag!.Tag);
        var (mine, tag) = await GetAsync(user);
        var (theirs, _) = await GetAsync(MyApp.NewId());

        Assert.Equal((HttpStatusCode.OK, "\"1\""), (first.StatusCode, first.Headers.ETag!.Tag));
        Assert.Equal("""{"consents":{"analytics":true,"improvement":false},"retention":{"result_days":1095,"picture_days":7}}""", mine.GetRawText());
        Assert.Equal((mine.GetRawText(), "\"2\""), ((await second.JsonAsync()).GetRawText(), tag));
        Assert.False(theirs.GetProperty("consents").GetProperty("analytics").GetBoolean());
        Assert.Equal(
            "[1, 180, 7], [2, 1095, 7]",
            await my.Db.ScalarAsync<string>(
                $"""
                select string_agg(jsonb_build_array(p -> 'version', p -> 'result_days', p -> 'picture_days')::text, ', ' order by id)
                from (select id, payload::jsonb p from outbox where topic = 'retention.changed') x where p ->> 'user_id' = '{user}'
                """));
    }

    [Fact]
    public async Task A_change_of_another_version_or_of_none_is_refused_and_changes_nothing()
    {
        await PatchAsync("""{"consents":{"improvement":true}}""", "\"0\"");
        var (before, tag) = await GetAsync(user);

        await (await PatchAsync("""{"consents":{"improvement":false}}""", "\"0\"")).IsProblemAsync(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED", "my");
        await (await PatchAsync("""{"consents":{"improvement":false}}""", "\"2\"")).IsProblemAsync(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED", "my");
        await (await PatchAsync("""{"consents":{"improvement":false}}""", null)).IsProblemAsync(HttpStatusCode.PreconditionRequired, "PRECONDITION_REQUIRED", "my");
        var (after, still) = await GetAsync(user);

        Assert.Equal((before.GetRawText(), tag), (after.GetRawText(), still));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Of_changes_to_one_version_at_once_one_is_made(int version)
    {
        if (version == 1)
        {
            await PatchAsync("""{"consents":{"analytics":true}}""", "\"0\"");
        }

        // Each may look, and none may write, until all have looked.
        await using var holder = await my.Db.OpenConnectionAsync();
        await using var hold = await holder.BeginTransactionAsync();
        await using (var stop = new NpgsqlCommand("lock table settings in share mode", holder))
        {
            await stop.ExecuteNonQueryAsync();
        }

        var changes = Enumerable.Range(1, 5).Select(days => PatchAsync($$$"""{"retention":{"picture_days":{{{days}}}}}""", $"\"{version}\"")).ToList();
        await Eventually.TrueAsync(
            async () => await my.Db.ScalarAsync<long>("select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())") == 5,
            "all five want to write");
        await hold.RollbackAsync();
        var answers = await Task.WhenAll(changes);

        var made = Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(4, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
        Assert.Equal((await made.JsonAsync()).GetRawText(), (await GetAsync(user)).Settings.GetRawText());
        Assert.Equal(version + 1L, await my.Db.ScalarAsync<long>("select count(*) from outbox where topic = 'retention.changed'"));
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.UnprocessableEntity, "NO_CHANGES_PROVIDED")]
    [InlineData("""{"consents":{},"retention":{}}""", HttpStatusCode.UnprocessableEntity, "NO_CHANGES_PROVIDED")]
    [InlineData("""{"retention":{"result_days":0}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"retention":{"result_days":1096}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"retention":{"picture_days":-1}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"retention":{"picture_days":366}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"retention":{"picture_days":1.5}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"consents":{"analytics":"yes"}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"consents":{"tracking":true}}""", HttpStatusCode.BadRequest, "VALIDATION")]
    public async Task A_change_that_breaks_a_rule_is_refused(string body, HttpStatusCode status, string code) =>
        await (await PatchAsync(body, "\"0\"")).IsProblemAsync(status, code, "my");

    [Fact]
    public async Task Nobody_has_no_settings() =>
        await (await my.SendAsync(HttpMethod.Get, Path)).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "my");

    private Task<HttpResponseMessage> PatchAsync(string body, string? ifMatch) => my.SendAsync(HttpMethod.Patch, Path, user, body, ifMatch);

    private async Task<(JsonElement Settings, string Tag)> GetAsync(Guid who)
    {
        var answer = await my.SendAsync(HttpMethod.Get, Path, who);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.JsonAsync(), answer.Headers.ETag!.Tag);
    }
}
