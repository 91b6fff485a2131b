using System.Net;
using Eco2.Testing;
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

        Assert.Equal("""{"pepper":"hot"}""", await Http.GetStringAsync(new Uri(sidecar["shop"].HttpEndpoint, "/v1.0/secrets/keys/pepper")));
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
