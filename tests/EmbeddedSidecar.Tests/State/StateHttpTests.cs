using System.Net;
using System.Net.Http.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

public sealed class StateHttpTests(StateHttpTests.Servers servers) : IClassFixture<StateHttpTests.Servers>
{
    private static readonly HttpClient Http = new();

    public static TheoryData<string> Stores => ["memory", "redis", "postgres"];

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_value_comes_back_as_the_json_it_was(string store)
    {
        await App.SaveAsync(store, """[{"key":"a/b","value":{"n": 1.50, "s":"생수병"}}]""");

        using var found = await Http.GetAsync(App.StateUrl(store, "a%2Fb"));

        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        Assert.Equal("""{"n":1.5,"s":"생수병"}""", await found.Content.ReadAsStringAsync());
        Assert.Equal("application/json", found.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty(found.Headers.NonValidated["ETag"].ToString());
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task An_absent_key_is_204_and_deleting_it_too(string store)
    {
        using var found = await Http.GetAsync(App.StateUrl(store, "nothing"));
        using var deleted = await Http.DeleteAsync(App.StateUrl(store, "nothing"));

        Assert.Equal(HttpStatusCode.NoContent, found.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Only_the_current_etag_may_write_or_delete(string store)
    {
        await App.SaveAsync(store, """[{"key":"e","value":1}]""");
        var first = await ETagAsync(store, "e");
        await App.SaveAsync(store, $$"""[{"key":"e","value":2,"etag":"{{first}}"}]""");

        using var stale = await App.PostAsync(store, "", $$"""[{"key":"e","value":3,"etag":"{{first}}"}]""");
        using var staleDelete = new HttpRequestMessage(HttpMethod.Delete, App.StateUrl(store, "e"));
        staleDelete.Headers.TryAddWithoutValidation("If-Match", first);
        using var refused = await Http.SendAsync(staleDelete);

        Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
        Assert.Contains("\"errorCode\":\"ERR_STATE_SAVE\"", await stale.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("2", await Http.GetStringAsync(App.StateUrl(store, "e")));
    }

    [Fact]
    public async Task An_etag_redis_cannot_read_is_400()
    {
        using var refused = await App.PostAsync("redis", "", """[{"key":"m","value":1,"etag":"not-a-number"}]""");

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Theory]
    [InlineData("memory", HttpStatusCode.Conflict)]
    [InlineData("redis", HttpStatusCode.InternalServerError)]
    [InlineData("postgres", HttpStatusCode.InternalServerError)]
    public async Task First_write_takes_a_key_once_and_each_store_says_no_its_own_way(string store, HttpStatusCode second)
    {
        const string item = """[{"key":"once","value":1,"options":{"concurrency":"first-write"}}]""";
        await App.SaveAsync(store, item);

        using var again = await App.PostAsync(store, "", item);

        Assert.Equal(second, again.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Bulk_get_names_absent_keys_too(string store)
    {
        await App.SaveAsync(store, """[{"key":"b1","value":"x"},{"key":"b2","value":2}]""");

        using var found = await App.PostAsync(store, "/bulk", """{"keys":["b1","gone","b2"]}""");

        var items = await found.Content.ReadFromJsonAsync<List<Dictionary<string, object>>>();
        Assert.Equal(["b1", "gone", "b2"], items!.Select(item => item["key"].ToString()));
        Assert.Equal("x", items![0]["data"].ToString());
        Assert.False(items[1].ContainsKey("data"));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_transaction_writes_all_and_a_wrong_etag_in_it_is_500(string store)
    {
        await App.SaveAsync(store, """[{"key":"t1","value":1},{"key":"t2","value":1}]""");

        using var done = await App.PostAsync(store, "/transaction", """
            {"operations":[{"operation":"upsert","request":{"key":"t1","value":2}},{"operation":"delete","request":{"key":"t2"}}]}
            """);
        using var refused = await App.PostAsync(store, "/transaction", """
            {"operations":[{"operation":"upsert","request":{"key":"t1","value":3,"etag":"99"}}]}
            """);

        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        Assert.Equal("2", await Http.GetStringAsync(App.StateUrl(store, "t1")));
        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Contains("ERR_STATE_TRANSACTION", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_store_answers_with_details_and_a_key_with_the_separator_is_refused()
    {
        using var unknown = await Http.GetAsync(App.StateUrl("other", "k"));
        using var separator = await Http.GetAsync(App.StateUrl("memory", "a%7C%7Cb"));

        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
        var body = await unknown.Content.ReadAsStringAsync();
        Assert.Contains("\"errorCode\":\"ERR_STATE_STORE_NOT_FOUND\"", body, StringComparison.Ordinal);
        Assert.Contains("\"reason\":\"DAPR_STATE_NOT_FOUND\"", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, separator.StatusCode);
    }

    [Fact]
    public async Task Redis_holds_what_Dapr_would_hold()
    {
        await App.SaveAsync("redis", """[{"key":"layout","value":"v","metadata":{"ttlInSeconds":"100"}}]""");

        await using var redis = await RedisFixture.ConnectAsync(servers.Redis);
        var fields = await redis.SendAsync("HGETALL", "one||layout");
        var ttl = await redis.SendAsync("TTL", "one||layout");

        Assert.Equal(["data", "\"v\"", "version", "1"], fields.Items!.Select(item => item.Text));
        Assert.InRange(ttl.Number!.Value, 90, 100);
    }

    [Fact]
    public async Task Apps_share_a_store_whose_prefix_is_its_name()
    {
        await App.SaveAsync("shared", """[{"key":"s","value":1}]""");

        var other = servers.Sidecar["two"].StateUrl("shared", "s");

        Assert.Equal("1", await Http.GetStringAsync(other));
    }

    [Fact]
    public async Task A_malformed_body_is_400_with_an_error_code()
    {
        using var refused = await App.PostAsync("memory", "", "[{");

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("ERR_MALFORMED_REQUEST", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private SidecarPorts App => servers.Sidecar["one"];

    private async Task<string> ETagAsync(string store, string key)
    {
        using var found = await Http.GetAsync(App.StateUrl(store, key));
        return found.Headers.NonValidated["ETag"].ToString();
    }

    public sealed class Servers : IAsyncLifetime
    {
        public RedisServer Redis { get; private set; } = null!;

        public string Postgres { get; private set; } = "";

        public SidecarFixture Sidecar { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Redis = await RedisServer.StartAsync();
            Postgres = await PostgresCluster.CreateDatabaseAsync();
            var resources = SidecarFixture.Component("memory", "state.in-memory")
                + SidecarFixture.Component("redis", "state.redis", $"redisHost: {Redis.Host}")
                + SidecarFixture.OnPostgres("postgres", Postgres)
                + SidecarFixture.Component("shared", "state.redis", $"redisHost: {Redis.Host}", "keyPrefix: name");
            Sidecar = await SidecarFixture.StartAsync(resources, new AppSettings { AppId = "one" }, new AppSettings { AppId = "two" });
        }

        public async Task DisposeAsync()
        {
            await Sidecar.DisposeAsync();
            await Redis.DisposeAsync();
        }
    }
}
