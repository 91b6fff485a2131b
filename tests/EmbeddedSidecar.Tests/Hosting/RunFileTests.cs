using System.Net;
using Eco2.Testing;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Hosting;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

/// <summary>What a run file says of one app, seen by a caller of its sidecar.</summary>
public sealed class RunFileTests : IDisposable
{
    private static readonly HttpClient Http = new();

    private readonly string _folder = Directory.CreateTempSubdirectory("run").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Relative_paths_in_components_begin_in_the_folder_of_the_app()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "shop", "private"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "shop", "private", "secrets.json"), """{"pepper":"hot"}""");
        await using var sidecar = await StartAsync("", SidecarFixture.Component("keys", "secretstores.local.file", "secretsFile: private/secrets.json")
            + SidecarFixture.Component("files", "bindings.localstorage", "rootPath: ./kept"));

        Assert.Equal("{\"pepper\":\"hot\"}\n", await Http.GetStringAsync(new Uri(sidecar["shop"].HttpEndpoint, "/v1.0/secrets/keys/pepper")));
        Assert.True(Directory.Exists(Path.Combine(_folder, "shop", "kept")));
    }

    [Theory]
    [InlineData("", 7_500, HttpStatusCode.NoContent)]
    [InlineData("", 9_000, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    [InlineData("readBufferSize: 40Ki", 40_000, HttpStatusCode.NoContent)]
    [InlineData("readBufferSize: 40Ki", 46_000, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    public async Task Headers_may_be_as_large_as_the_read_buffer_and_what_go_lets_pass(string setting, int size, HttpStatusCode expected)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "shop"));
        await using var sidecar = await StartAsync(setting, "");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(sidecar["shop"].HttpEndpoint, "/v1.0/healthz/outbound"));
        request.Headers.Add("baggage", new string('b', size));

        using var answer = await Http.SendAsync(request);

        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public void The_first_of_the_places_for_resources_and_configuration_counts()
    {
        foreach (var place in (string[])["own", "beside", "neither"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, place, ".dapr", place == "neither" ? "logs" : "resources"));
        }

        foreach (var file in (string[])["own/c.yaml", "own/.dapr/config.yaml", "beside/.dapr/config.yaml", "common.yaml"])
        {
            File.WriteAllText(Path.Combine(_folder, file), "");
        }

        File.WriteAllText(Path.Combine(_folder, "dapr.yaml"), """
            version: 1
            common: { resourcesPaths: [./shared], configFilePath: ./common.yaml }
            apps:
              - { appDirPath: ./own, resourcesPaths: [../x, y], configFilePath: c.yaml, daprHTTPPort: -1, appPort: 0 }
              - { appDirPath: ./beside }
              - { appDirPath: ./neither, appID: named, resourcesPath: "" }
            """);

        var apps = RunFile.Read(Path.Combine(_folder, "dapr.yaml"));

        Assert.Equal(["own", "beside", "named"], apps.Select(app => app.AppId));
        Assert.Equal(["x own/y", "beside/.dapr/resources", "shared"], apps.Select(app => string.Join(' ', app.ResourcePaths.Select(Relative))));
        Assert.Equal(["own/c.yaml", "beside/.dapr/config.yaml", "common.yaml"], apps.Select(app => Relative(app.ConfigFile!)));
        Assert.Equal((0, 0), (apps[0].HttpPort, apps[0].AppPort));
    }

    [Theory]
    [InlineData("apps: []", "version")]
    [InlineData("version: 0\napps: []", "version")]
    [InlineData("version: 1\napps: [{ appDirPath: ./nowhere }]", "appDirPath")]
    [InlineData("version: 1\napps: [{ appID: x }]", "appDirPath")]
    [InlineData("version: 1\ncommon: { appPort: 1 }\napps: []", "appPort")]
    public void What_dapr_run_would_not_start_is_refused_by_name(string text, string name)
    {
        File.WriteAllText(Path.Combine(_folder, "dapr.yaml"), text);

        var refused = Assert.Throws<SidecarConfigurationException>(() => RunFile.Read(_folder));

        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    private string Relative(string path) => Path.GetRelativePath(_folder, path).Replace('\\', '/');

    private async Task<SidecarFixture> StartAsync(string setting, string resources)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "dapr.yaml"), $"""
            version: 1
            common:
              {setting}
            apps:
              - appDirPath: ./shop
            """);
        return await SidecarFixture.StartAsync(resources, [.. RunFile.Read(_folder)]);
    }
}
