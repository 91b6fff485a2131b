using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.Secrets;

/// <summary>What the two local stores make of a file and of the environment.</summary>
public sealed class SecretStoreTests : IDisposable
{
    private static readonly HttpClient Http = new();

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_variable_that_is_not_set_is_an_empty_secret_and_tokens_stay_hidden()
    {
        await using var sidecar = await SidecarFixture.StartAsync(SidecarFixture.Component("env", "secretstores.local.env"), new AppSettings
        {
            AppId = "app", Environment = new Dictionary<string, string> { ["SECRET_STORE_TESTS"] = "seen", ["APP_API_TOKEN"] = "t", ["dapr_something"] = "t" },
        });

        Assert.Equal("""{"SECRET_STORE_TESTS":"seen"}""", await GetAsync(sidecar, "env/SECRET_STORE_TESTS"));
        Assert.Equal("""{"SECRET_STORE_TESTS_NOT":""}""", await GetAsync(sidecar, "env/SECRET_STORE_TESTS_NOT"));
        Assert.Equal("""{"APP_API_TOKEN":""}""", await GetAsync(sidecar, "env/APP_API_TOKEN"));
        Assert.Equal("""{"dapr_something":""}""", await GetAsync(sidecar, "env/dapr_something"));
        var all = await Http.GetFromJsonAsync<JsonElement>(Url(sidecar, "env/bulk"));
        Assert.Equal("seen", all.GetProperty("SECRET_STORE_TESTS").GetProperty("SECRET_STORE_TESTS").GetString());
        Assert.False(all.TryGetProperty("APP_API_TOKEN", out _));
        Assert.False(all.TryGetProperty("dapr_something", out _));
    }

    [Fact]
    public async Task With_a_prefix_secrets_go_without_it()
    {
        await using var sidecar = await SidecarFixture.StartAsync(SidecarFixture.Component("env", "secretstores.local.env", "prefix: SECRET_STORE_P_"), new AppSettings
        {
            AppId = "app", Environment = new Dictionary<string, string> { ["SECRET_STORE_P_A"] = "1", ["SECRET_STORE_P_"] = "2", ["SECRET_STORE_Q"] = "3" },
        });

        Assert.Equal("""{"A":"1"}""", await GetAsync(sidecar, "env/A"));
        Assert.Equal("""{"A":{"A":"1"}}""", await GetAsync(sidecar, "env/bulk"));
    }

    [Theory]
    [InlineData("keys/a.b", """{"a.b":"1"}""", "nestedSeparator: .")]
    [InlineData("keys/a.list.1", """{"a.list.1":"y"}""", "nestedSeparator: .")]
    [InlineData("keys/a:c:d", """{"a:c:d":"2"}""")]
    [InlineData("keys/a", """{"b":"1","c:d":"2","list:0":"x","list:1":"y"}""", "multiValued: true")]
    [InlineData("keys/plain", """{"plain":"p"}""", "multiValued: true")]
    public async Task A_file_is_flattened_whole_or_below_its_secrets(string path, string expected, params string[] settings)
    {
        await File.WriteAllTextAsync(_file, """{"a":{"b":"1","c":{"d":"2"},"list":["x","y"]},"plain":"p"}""");
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("keys", "secretstores.local.file", [$"secretsFile: {_file}", .. settings]), new AppSettings { AppId = "app" });

        Assert.Equal(expected, await GetAsync(sidecar, path));
    }

    [Fact]
    public async Task What_dapr_would_hand_out_as_garbage_is_refused_by_its_path()
    {
        await File.WriteAllTextAsync(_file, """{"a":{"n":5}}""");

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(
            SidecarFixture.Component("keys", "secretstores.local.file", $"secretsFile: {_file}"), new AppSettings { AppId = "app" }));

        Assert.Contains("\"a:n\" is not a string", refused.Message, StringComparison.Ordinal);
    }

    private static Uri Url(SidecarFixture sidecar, string path) => new(sidecar["app"].HttpEndpoint, "/v1.0/secrets/" + path);

    private static Task<string> GetAsync(SidecarFixture sidecar, string path) => Http.GetStringAsync(Url(sidecar, path));
}
