using System.Net;
using System.Net.Http.Headers;
using Eco2.Contracts;
using Eco2.Contracts.Scan;
using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using EntityTag = Microsoft.Net.Http.Headers.EntityTagHeaderValue;

namespace Eco2.Services.Tests.Scan;

/// <summary>What scan shows of the taxonomy, which belongs to the worker.</summary>
public sealed class CategoriesTests : IAsyncLifetime
{
    private static readonly TaxonomyDocument Taxonomy = new(
        "7",
        [new("recyclable", "재활용폐기물", "Recyclables", true, [new("glass", "유리병", "Glass bottle", [new("glass.soju", "소주병", "Soju bottle", ["쐬주병"])])])],
        [new("label_on", "라벨 있음", "Label on")]);

    private readonly LineFixture line = new();
    private ServiceHost scan = null!;
    private bool away;
    private int asked;

    public async Task InitializeAsync()
    {
        await line.InitializeAsync();
        await line.StandInAsync("worker", app => app.MapGet("/internal/taxonomy", () =>
        {
            Interlocked.Increment(ref asked);
            return away
                ? Results.StatusCode(503)
                : Results.Bytes(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Taxonomy, ContractsJson.Default.TaxonomyDocument), "application/json", entityTag: new EntityTag("\"7\""));
        }));
    }

    public Task DisposeAsync() => line.DisposeAsync();

    [Fact]
    public async Task The_tree_of_categories_is_shown_and_a_client_that_has_it_is_told_so()
    {
        await StartAsync("00:05:00");

        using var first = await GetAsync();
        using var known = await GetAsync("\"7\"");

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("\"7\"", first.Headers.ETag!.Tag);
        var major = (await first.JsonAsync()).GetProperty("majors")[0];
        Assert.Equal(("recyclable", "재활용폐기물", true), (major.GetProperty("code").GetString(), major.GetProperty("name_ko").GetString(), major.GetProperty("rewardable").GetBoolean()));
        var item = major.GetProperty("middles")[0].GetProperty("items")[0];
        Assert.Equal(("glass.soju", "쐬주병"), (item.GetProperty("code").GetString(), item.GetProperty("aliases")[0].GetString()));
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_worker_that_is_away_is_not_noticed_once_the_tree_was_read_and_a_clear_no_before()
    {
        await StartAsync("00:00:00");
        away = true;
        using var before = await GetAsync();
        away = false;
        using var read = await GetAsync();
        away = true;

        using var after = await GetAsync();

        await before.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "scan");
        Assert.NotNull(before.Headers.RetryAfter);
        Assert.Equal(await read.Content.ReadAsStringAsync(), await after.Content.ReadAsStringAsync());
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Without_a_provider_only_the_local_model_is_offered()
    {
        await StartAsync("00:05:00", "Models:Offered:0=gpt-5-mini");

        using var answer = await scan.Client.SendAsync(Request("/api/v1/scan/models"));

        var models = await answer.JsonAsync();
        Assert.Equal(["local"], models.GetProperty("models").EnumerateArray().Select(m => m.GetString()!));
        Assert.Equal("local", models.GetProperty("default").GetString());
    }

    private static HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-User-Id", Guid.CreateVersion7().ToString("D"));
        return request;
    }

    private async Task StartAsync(string lifetime, params string[] options) => scan = await line.StartAsync(
        "scan",
        global::Eco2.Scan.Program.Build,
        await PostgresCluster.CreateDatabaseAsync(),
        [$"Scan:TaxonomyLifetime={lifetime}", .. options]);

    private Task<HttpResponseMessage> GetAsync(string? version = null)
    {
        var request = Request("/api/v1/scan/categories");
        if (version is not null)
        {
            request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue(version));
        }

        return scan.Client.SendAsync(request);
    }
}
