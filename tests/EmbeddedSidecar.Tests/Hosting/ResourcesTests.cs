using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Hosting;
using EmbeddedSidecar.Resources;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

public sealed class ResourcesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resources").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("state.mongodb", "", "type \"state.mongodb\" is not supported")]
    [InlineData("state.redis", "{ name: redisHost, value: \"a:1,b:2\" }", "names several servers")]
    [InlineData("state.in-memory", "{ name: outboxPublishPubsub, value: p }", "metadata \"outboxPublishPubsub\" is not supported")]
    [InlineData("state.redis", "{ name: redisHost, value: \"127.0.0.1:1\" }", "cannot be opened: Redis at 127.0.0.1:1 is not reachable")]
    [InlineData("bindings.cron", "{ name: schedule, value: \"61 * * * *\" }", "end of range (61) above maximum (59): 61")]
    public async Task What_cannot_be_honoured_is_refused_in_one_sentence_that_names_the_file(string type, string metadata, string because)
    {
        await WriteAsync("bad.yaml", $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: bad
            spec:
              type: {type}
              version: v1
              metadata: [{metadata}]
            """);

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync());

        Assert.StartsWith(Path.Combine(_folder, "bad.yaml"), refused.Message, StringComparison.Ordinal);
        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unsupported_kind_is_refused_unless_it_is_for_another_app()
    {
        const string server = "apiVersion: dapr.io/v1alpha1\nkind: MCPServer\nmetadata: { name: x }\nspec: {}\n";
        await WriteAsync("endpoint.yaml", server + "scopes: [other]\n");
        await using (await StartAsync())
        {
        }

        await WriteAsync("endpoint.yaml", server);
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync());

        Assert.Contains("MCPServer \"x\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_variables_and_templates_are_put_in()
    {
        await WriteAsync("secrets.json", """{"storage":{"root":"FOLDER/s"}}""".Replace("FOLDER", _folder, StringComparison.Ordinal));
        await WriteAsync("all.yaml", $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: by-secret }
            spec:
              type: bindings.localstorage
              version: v1
              metadata: [{ name: rootPath, secretKeyRef: { name: "storage:root", key: "storage:root" } }]
            auth: { secretStore: keys }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: keys }
            spec:
              type: secretstores.local.file
              version: v1
              metadata: [{ name: secretsFile, value: "{{_folder}}/secrets.json" }]
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: by-variable }
            spec:
              type: bindings.localstorage
              version: v1
              metadata: [{ name: RootPath, envRef: SOME_ROOT }]
            """);

        await using var sidecar = await StartAsync(new Dictionary<string, string> { ["SOME_ROOT"] = _folder + "/{appID}-{namespace}" });

        Assert.True(Directory.Exists(Path.Combine(_folder, "s")));
        Assert.True(Directory.Exists(Path.Combine(_folder, "app-default.app")));
    }

    [Fact]
    public async Task The_run_file_gives_apps_their_ports_sizes_and_resources_by_precedence()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "one", ".dapr", "resources"));
        Directory.CreateDirectory(Path.Combine(_folder, "two"));
        Directory.CreateDirectory(Path.Combine(_folder, "common"));
        await WriteAsync("dapr.yaml", """
            version: 1
            common:
              resourcesPaths: [./common]
              maxBodySize: 16Mi
              env: { A: common, B: common }
            apps:
              - appDirPath: ./one
                appPort: 5001
                daprHTTPPort: 3501
                command: ["dotnet", "run"]
              - appDirPath: ./two
                appID: second
                maxBodySize: 1M
                env: { A: own }
            """);
        await WriteAsync("ports.json", """[{"appId":"second","appPort":1,"httpPort":2,"grpcPort":3},{"appId":"second","name":"second-2","appPort":4,"apiToken":"t"}]""");

        var apps = PortsFile.Apply(Path.Combine(_folder, "ports.json"), RunFile.Read(_folder));

        Assert.Equal(["one", "second", "second"], apps.Select(app => app.AppId));
        Assert.Equal((5001, 3501, 0, 16 << 20), (apps[0].AppPort, apps[0].HttpPort, apps[0].GrpcPort, apps[0].MaxBodyBytes));
        Assert.Equal([Path.Combine(_folder, "one", ".dapr", "resources")], apps[0].ResourcePaths);
        Assert.Equal([Path.Combine(_folder, "common")], apps[1].ResourcePaths);
        Assert.Equal((1_000_000, "own", "common"), (apps[1].MaxBodyBytes, apps[1].Environment["A"], apps[1].Environment["B"]));
        Assert.Equal((4, "t", "second-2", null), (apps[2].AppPort, apps[2].ApiToken, apps[2].Name, apps[1].Name));
    }

    [Fact]
    public async Task A_taken_port_is_said_in_one_sentence()
    {
        await using var first = await StartAsync();

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(
            () => SidecarFixture.StartAsync("", new AppSettings { AppId = "again", HttpPort = first["app"].HttpPort }));

        Assert.Contains($"{first["app"].HttpPort}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_restarts_is_found_again_and_asked_again()
    {
        var asked = 0;
        Microsoft.AspNetCore.Http.RequestDelegate count = http =>
        {
            asked += http.Request.Path == "/dapr/subscribe" ? 1 : 0;
            http.Response.StatusCode = 404;
            return Task.CompletedTask;
        };
        var app = await TestApp.StartAsync(count);
        var port = app.Port;
        await using var sidecar = await SidecarFixture.StartAsync("", new AppSettings { AppId = "app", AppPort = port });
        await sidecar.WaitUntilReadyAsync();

        await app.DisposeAsync();
        // One that is back within a millisecond has only closed an idle connection, as far as a sidecar can tell.
        await Eventually.TrueAsync(() => !sidecar["app"].Embedded.Instance.IsReachable, "the sidecar has noticed");
        await using var again = await TestApp.StartAsync(count, port);

        await Eventually.TrueAsync(() => asked >= 2, "the restarted app is asked for its subscriptions");
    }

    [Fact]
    public void A_programmatic_subscription_without_a_route_is_dropped()
    {
        using var json = System.Text.Json.JsonDocument.Parse("""[{"pubsubname":"p","topic":"t"},{"pubsubname":"p","topic":"t","route":"/r","routes":{"rules":[{"match":"event.type == \"x\"","path":"/x"}]}}]""");

        Assert.Null(SubscriptionJson.Read(json.RootElement[0], 0));
        var read = SubscriptionJson.Read(json.RootElement[1], 1)!;
        Assert.Equal("/r", read.DefaultPath);
        Assert.Equal([new RouteRule("event.type == \"x\"", "/x")], read.Rules);
    }

    private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(_folder, name), text);

    private Task<SidecarFixture> StartAsync(Dictionary<string, string>? environment = null) =>
        SidecarFixture.StartAsync("", new AppSettings { AppId = "app", ResourcePaths = [_folder], Environment = environment ?? [] });
}
