using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Redis;
using Microsoft.Extensions.Logging.Abstractions;
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
            + SidecarFixture.Component("redis", "state.redis", $"redisHost: {_redis.Host}")
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
        using var saved = await PostAsync(store, "", """[{"key":"k","value":1,"metadata":{"ttlInSeconds":"100"}}]""");
        using var alone = await Http.GetAsync(Url(store, "/k"));
        using var bulk = await PostAsync(store, "/bulk", """{"keys":["k"]}""");

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
        using var saved = await PostAsync(store, "", """[{"key":"k","value":1,"metadata":{"TTLInSeconds":"100"}}]""");
        using var read = await Http.GetAsync(Url(store, "/k"));

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.False(read.Headers.Contains("metadata.ttlExpireTime"));
    }

    [Theory]
    [InlineData("\"options\":{\"concurrency\":\"firstwrite\"}", "unrecognized concurrency model 'firstwrite'")]
    [InlineData("\"options\":{\"consistency\":\"soon\"}", "unrecognized consistency model 'soon'")]
    [InlineData("\"metadata\":{\"ttlInSeconds\":\"1m\"}", "incorrect value for metadata 'ttlInSeconds'")]
    public async Task What_no_store_takes_is_an_error_of_the_store(string option, string because)
    {
        using var save = await PostAsync("memory", "", $$"""[{"key":"k","value":1,{{option}} }]""");
        using var transaction = await PostAsync("memory", "/transaction", $$"""{"operations":[{"operation":"upsert","request":{"key":"k","value":1,{{option}} } }]}""");
        using var read = await Http.GetAsync(Url("memory", "/k"));

        await RefusedAsync(save, "ERR_STATE_SAVE", because);
        await RefusedAsync(transaction, "ERR_STATE_TRANSACTION", because);
        Assert.Equal(HttpStatusCode.NoContent, read.StatusCode);
    }

    [Fact]
    public async Task A_plain_string_of_somebody_else_is_read_alone_and_among_others()
    {
        await using var redis = await RespConnection.OpenAsync(new RedisOptions("127.0.0.1", _redis.Port), NullLogger.Instance, TimeProvider.System, CancellationToken.None);
        (await redis.SendAsync("SET", "one||plain", "7")).OrThrow();
        using var saved = await PostAsync("redis", "", """[{"key":"ours","value":8}]""");

        using var bulk = await PostAsync("redis", "/bulk", """{"keys":["plain","ours","none"]}""");

        Assert.Equal("7", await Http.GetStringAsync(Url("redis", "/plain")));
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

    private Uri Url(string store, string rest) => new(_sidecar["one"].HttpEndpoint, $"/v1.0/state/{store}{rest}");

    private async Task<HttpResponseMessage> PostAsync(string store, string action, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await Http.PostAsync(Url(store, action), content);
    }
}
