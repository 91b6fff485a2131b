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

        Assert.Equal("""{"SECRET_STORE_TESTS":"seen"}""" + "\n", await GetAsync(sidecar, "env/SECRET_STORE_TESTS"));
        Assert.Equal("""{"SECRET_STORE_TESTS_NOT":""}""" + "\n", await GetAsync(sidecar, "env/SECRET_STORE_TESTS_NOT"));
        Assert.Equal("""{"APP_API_TOKEN":""}""" + "\n", await GetAsync(sidecar, "env/APP_API_TOKEN"));
        Assert.Equal("""{"dapr_something":""}""" + "\n", await GetAsync(sidecar, "env/dapr_something"));
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

        Assert.Equal("""{"A":"1"}""" + "\n", await GetAsync(sidecar, "env/A"));
        Assert.Equal("""{"A":{"A":"1"}}""" + "\n", await GetAsync(sidecar, "env/bulk"));
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

        Assert.Equal(expected + "\n", await GetAsync(sidecar, path));
    }

    [Fact]
    public async Task What_dapr_would_hand_out_as_garbage_is_refused_by_its_path()
    {
        await File.WriteAllTextAsync(_file, """{"a":{"n":5}}""");

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(
            SidecarFixture.Component("keys", "secretstores.local.file", $"secretsFile: {_file}"), new AppSettings { AppId = "app" }));

        Assert.Contains("\"a:n\" is not a string", refused.Message, StringComparison.Ordinal);
    }

    // A list there is a secret to nobody; elsewhere its items are.
    [Fact]
    public async Task With_several_values_a_list_at_the_top_is_no_secret()
    {
        await File.WriteAllTextAsync(_file, """{"list":["x"],"a":{"list":["x"]}}""");
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("keys", "secretstores.local.file", $"secretsFile: {_file}", "multiValued: true"), new AppSettings { AppId = "app" });

        Assert.Equal("""{"a":{"list:0":"x"}}""" + "\n", await GetAsync(sidecar, "keys/bulk"));
    }

    [Theory]
    [InlineData("defaultAccess: Deny", "")]
    [InlineData("defaultAccess: deny, allowedSecrets: [a]", "a")]
    [InlineData("defaultAccess: allow, allowedSecrets: [a]", "a")]
    [InlineData("allowedSecrets: [a], deniedSecrets: [a]", "a")]
    [InlineData("defaultAccess: ALLOW, deniedSecrets: [a]", "b")]
    [InlineData("defaultAccess: deny, deniedSecrets: [a]", "")]
    [InlineData("storeName: keys", "ab")]
    public async Task Of_a_scope_the_allowed_count_alone_then_the_denied_then_the_default(string scope, string seen)
    {
        await File.WriteAllTextAsync(_file, """{"a":"1","b":"2"}""");
        await using var sidecar = await StartAsync(Configuration($"{{ {(scope.StartsWith("store", StringComparison.Ordinal) ? "" : "storeName: keys, ")}{scope} }}"));

        var all = await Http.GetFromJsonAsync<JsonElement>(Url(sidecar, "keys/bulk"));

        Assert.Equal(seen, string.Concat(all.EnumerateObject().Select(secret => secret.Name)));
        foreach (var name in (string[])["a", "b"])
        {
            using var one = await Http.GetAsync(Url(sidecar, "keys/" + name));
            Assert.Equal(seen.Contains(name, StringComparison.Ordinal) ? 200 : 403, (int)one.StatusCode);
        }
    }

    [Fact]
    public async Task Two_scopes_of_one_store_stop_the_start()
    {
        await File.WriteAllTextAsync(_file, "{}");

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(Configuration("{ storeName: keys }, { storeName: keys }")));

        Assert.Contains("the same storeName: keys", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_takes_a_secret_that_is_not_there_for_a_failure()
    {
        await File.WriteAllTextAsync(_file, """{"a":"1"}""");
        await using var sidecar = await StartAsync("""
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: { circuitBreakers: { once: { timeout: 1h, trip: consecutiveFailures >= 1 } } }
              targets: { components: { keys: { outbound: { circuitBreaker: once } } } }

            """);

        var bodies = new List<string>();
        foreach (var name in (string[])["a", "none", "a"])
        {
            using var answer = await Http.GetAsync(Url(sidecar, "keys/" + name));
            bodies.Add(await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal("""{"a":"1"}""" + "\n", bodies[0]);
        Assert.Contains("failed getting secret with key none from secret store keys: secret none not found", bodies[1], StringComparison.Ordinal);
        Assert.Contains("failed getting secret with key a from secret store keys: circuit breaker is open", bodies[2], StringComparison.Ordinal);
    }

    private static string Configuration(string scopes) =>
        $"---\napiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec: {{ secrets: {{ scopes: [{scopes}] }} }}\n";

    private Task<SidecarFixture> StartAsync(string more) =>
        SidecarFixture.StartAsync(SidecarFixture.Component("keys", "secretstores.local.file", $"secretsFile: {_file}") + more, new AppSettings { AppId = "app" });

    private static Uri Url(SidecarFixture sidecar, string path) => new(sidecar["app"].HttpEndpoint, "/v1.0/secrets/" + path);

    private static Task<string> GetAsync(SidecarFixture sidecar, string path) => Http.GetStringAsync(Url(sidecar, path));
}
