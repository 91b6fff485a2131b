using System.Net;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>What is said beside key and value: options, metadata, and what somebody else left under a key.</summary>
public sealed class StateOptionsTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();

    private RedisServer _redis = null!;
    private SidecarFixture _sidecar = null!;

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        var resources = SidecarFixture.Component("memory", "state.in-memory")
            + SidecarFixture.Component("redis", "state.redis", $"redisHost: {_redis.Host}", "readTimeout: -1")
            + SidecarFixture.OnPostgres("postgres", await PostgresCluster.CreateDatabaseAsync());
        _sidecar = await SidecarFixture.StartAsync(resources, new AppSettings { AppId = "one" });
    }

    public async Task DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("postgres")]
    public async Task The_time_of_expiry_is_told_in_whole_seconds_of_utc(string store)
    {
        using var saved = await App.PostAsync(store, "", """[{"key":"k","value":1,"metadata":{"ttlInSeconds":"100"}}]""");
        using var alone = await Http.GetAsync(App.StateUrl(store, "k"));
        using var bulk = await App.PostAsync(store, "/bulk", """{"keys":["k"]}""");

        using var items = JsonDocument.Parse(await bulk.Content.ReadAsStringAsync());
        var told = alone.Headers.GetValues("metadata.ttlExpireTime").Single();
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", told);
        Assert.Equal(told, items.RootElement[0].GetProperty("metadata").GetProperty("ttlExpireTime").GetString());
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("postgres")]
    public async Task A_time_to_live_by_another_name_is_none(string store)
    {
        using var saved = await App.PostAsync(store, "", """[{"key":"k","value":1,"metadata":{"TTLInSeconds":"100"}}]""");
        using var read = await Http.GetAsync(App.StateUrl(store, "k"));

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.False(read.Headers.Contains("metadata.ttlExpireTime"));
    }

    [Theory]
    [InlineData("\"options\":{\"concurrency\":\"firstwrite\"}", "unrecognized concurrency model 'firstwrite'")]
    [InlineData("\"options\":{\"consistency\":\"soon\"}", "unrecognized consistency model 'soon'")]
    public async Task What_no_store_takes_is_an_error_of_the_store(string option, string because)
    {
        using var save = await App.PostAsync("memory", "", $$"""[{"key":"k","value":1,{{option}} }]""");
        using var transaction = await App.PostAsync("memory", "/transaction", $$"""{"operations":[{"operation":"upsert","request":{"key":"k","value":1,{{option}} } }]}""");
        using var read = await Http.GetAsync(App.StateUrl("memory", "k"));

        await RefusedAsync(save, "ERR_STATE_SAVE", because);
        await RefusedAsync(transaction, "ERR_STATE_TRANSACTION", because);
        Assert.Equal(HttpStatusCode.NoContent, read.StatusCode);
    }

    [Theory]
    [InlineData("memory", "1m", "strconv.Atoi: parsing \"1m\": invalid syntax")]
    [InlineData("memory", "9223372036854775808", "strconv.Atoi: parsing \"9223372036854775808\": value out of range")]
    [InlineData("redis", "1m", "failed to parse ttl from metadata: strconv.ParseInt: parsing \"1m\": invalid syntax")]
    [InlineData("redis", "\\\" 5", "failed to parse ttl from metadata: strconv.ParseInt: parsing \"\\\" 5\": invalid syntax")]
    [InlineData("postgres", "1.5", "error parsing TTL: incorrect value for metadata 'ttlInSeconds': strconv.ParseInt: parsing \"1.5\": invalid syntax")]
    [InlineData("postgres", "-2", "error parsing TTL: incorrect value for metadata 'ttlInSeconds': must be -1 or greater")]
    [InlineData("postgres", "2147483648", "error parsing TTL: incorrect value for metadata 'ttlInSeconds': must be -1 or greater")]
    public async Task A_life_that_is_no_number_is_refused_in_the_words_of_each_store(string store, string seconds, string because)
    {
        var item = $$$"""{"key":"short","value":1,"metadata":{"ttlInSeconds":"{{{seconds}}}"} }""";
        using var save = await App.PostAsync(store, "", $$"""[{{item}},{"key":"other","value":"{{because.Length}}"}]""");
        using var transaction = await App.PostAsync(store, "/transaction", $$"""{"operations":[{"operation":"upsert","request":{{item}} }]}""");

        await RefusedAsync(save, "ERR_STATE_SAVE", $"failed saving state in state store {store}: {because}");
        await RefusedAsync(transaction, "ERR_STATE_TRANSACTION", $"error while executing state transaction: {because}");
        Assert.Equal($"\"{because.Length}\"", await Http.GetStringAsync(App.StateUrl(store, "other")));
    }

    [Theory]
    [InlineData("memory", "-5")]
    [InlineData("memory", "99999999999999")]
    [InlineData("redis", "4000000000")]
    [InlineData("postgres", "2147483647")]
    public async Task A_life_may_be_none_or_very_long(string store, string seconds)
    {
        using var saved = await App.PostAsync(store, "", $$$"""[{"key":"long","value":1,"metadata":{"ttlInSeconds":"{{{seconds}}}"} }]""");

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Equal("1", await Http.GetStringAsync(App.StateUrl(store, "long")));
    }

    [Fact]
    public async Task An_option_that_there_is_not_is_told_of_the_store_that_was_to_save()
    {
        using var save = await App.PostAsync("redis", "", """[{"key":"k","value":1,"options":{"consistency":"soon"}},{"key":"other","value":2}]""");

        await RefusedAsync(save, "ERR_STATE_SAVE", "failed saving state in state store redis: unrecognized consistency model 'soon'");
        Assert.Equal("2", await Http.GetStringAsync(App.StateUrl("redis", "other")));
    }

    [Theory]
    [InlineData("memory", true)]
    [InlineData("redis", true)]
    [InlineData("postgres", false)]
    public async Task Options_of_a_delete_are_looked_at_by_some_stores_and_those_of_a_get_by_none(string store, bool looks)
    {
        using var saved = await App.PostAsync(store, "", """[{"key":"k","value":1}]""");

        using var read = await Http.GetAsync(App.StateUrl(store, "k?consistency=soon&concurrency=never"));
        using var soon = await Http.DeleteAsync(App.StateUrl(store, "k?consistency=soon"));
        using var never = await Http.DeleteAsync(App.StateUrl(store, "k?concurrency=never"));
        using var known = await Http.DeleteAsync(App.StateUrl(store, "none?consistency=strong&concurrency=first-write"));

        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, known.StatusCode);
        if (looks)
        {
            await RefusedAsync(soon, "ERR_STATE_DELETE", "failed deleting state with key k: unrecognized consistency model 'soon'");
            await RefusedAsync(never, "ERR_STATE_DELETE", "failed deleting state with key k: unrecognized concurrency model 'never'");
        }
        else
        {
            Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (soon.StatusCode, never.StatusCode));
        }
    }

    [Theory]
    [InlineData("memory", HttpStatusCode.InternalServerError)]
    [InlineData("postgres", HttpStatusCode.InternalServerError)]
    [InlineData("redis", HttpStatusCode.NoContent)]
    public async Task Options_of_a_transaction_are_looked_at_for_writes_and_not_by_redis(string store, HttpStatusCode write)
    {
        using var upsert = await App.PostAsync(store, "/transaction", """{"operations":[{"operation":"upsert","request":{"key":"k","value":1,"options":{"concurrency":"never"}}}]}""");
        using var delete = await App.PostAsync(store, "/transaction", """{"operations":[{"operation":"delete","request":{"key":"k","options":{"concurrency":"never"}}}]}""");

        Assert.Equal((write, HttpStatusCode.NoContent), (upsert.StatusCode, delete.StatusCode));
    }

    [Theory]
    [InlineData("memory", HttpStatusCode.Conflict)]
    [InlineData("redis", HttpStatusCode.NoContent)]
    [InlineData("postgres", HttpStatusCode.NoContent)]
    public async Task First_write_keeps_a_delete_without_etag_away_in_memory_alone(string store, HttpStatusCode answer)
    {
        using var saved = await App.PostAsync(store, "", """[{"key":"k","value":1}]""");

        using var deleted = await Http.DeleteAsync(App.StateUrl(store, "k?concurrency=first-write"));

        Assert.Equal(answer, deleted.StatusCode);
    }

    [Theory]
    [InlineData("memory", HttpStatusCode.Conflict)]
    [InlineData("redis", HttpStatusCode.NoContent)]
    [InlineData("postgres", HttpStatusCode.Conflict)]
    public async Task Last_write_lets_redis_forget_the_etag_of_a_write(string store, HttpStatusCode answer)
    {
        using var saved = await App.PostAsync(store, "", """[{"key":"k","value":1}]""");

        using var again = await App.PostAsync(store, "", """[{"key":"k","value":2,"etag":"99","options":{"concurrency":"last-write"}}]""");

        Assert.Equal(answer, again.StatusCode);
    }

    [Fact]
    public async Task An_etag_of_a_delete_need_not_look_like_one_of_redis()
    {
        using var saved = await App.PostAsync("redis", "", """[{"key":"k","value":1}]""");
        using var delete = new HttpRequestMessage(HttpMethod.Delete, App.StateUrl("redis", "k"));
        delete.Headers.TryAddWithoutValidation("If-Match", "wrong");

        using var refused = await Http.SendAsync(delete);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task A_plain_string_of_somebody_else_is_read_alone_and_among_others()
    {
        await using var redis = await RedisFixture.ConnectAsync(_redis);
        (await redis.SendAsync("SET", "one||plain", "7")).OrThrow();
        using var saved = await App.PostAsync("redis", "", """[{"key":"ours","value":8}]""");

        using var bulk = await App.PostAsync("redis", "/bulk", """{"keys":["plain","ours","none"]}""");

        Assert.Equal("7", await Http.GetStringAsync(App.StateUrl("redis", "plain")));
        using var items = JsonDocument.Parse(await bulk.Content.ReadAsStringAsync());
        Assert.Equal(["7", "8", "absent"], items.RootElement.EnumerateArray().Select(item => item.TryGetProperty("data", out var data) ? data.GetRawText() : "absent"));
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, string code, string because)
    {
        using var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(code, error.RootElement.GetProperty("errorCode").GetString());
        Assert.Contains(because, error.RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private SidecarPorts App => _sidecar["one"];
}
