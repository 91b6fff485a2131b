using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class RunFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-run-file-").FullName;

    /// <summary>The fields of the Dapr CLI, each as the argument that the CLI itself would make of it.</summary>
    [Fact]
    public void What_it_says_of_a_sidecar_is_what_daprd_is_told()
    {
        var app = Read("""
            apps:
              - appID: shop
                appDirPath: shop
                appPort: 5001
                daprInternalGRPCPort: 5002
                metricsPort: 5003
                appChannelAddress: 127.0.0.2
                appMaxConcurrency: 7
                appProtocol: h2c
                maxBodySize: 8Mi
                readBufferSize: 16Ki
                logLevel: debug
                enableAppHealthCheck: true
                appHealthCheckPath: /well
                appHealthProbeInterval: 3
                appHealthProbeTimeout: 200
                appHealthThreshold: 2
                enableApiLogging: true
                configFilePath: own.yaml
                env: { A: own }
                command: ["shop", "--open"]
            """).Apps.Single();

        Assert.Equal(
            $"--app-channel-address 127.0.0.2 --app-max-concurrency 7 --app-protocol h2c --max-body-size 8Mi --read-buffer-size 16Ki --log-level debug --enable-app-health-check "
            + $"--app-health-check-path /well --app-health-probe-interval 3 --app-health-probe-timeout 200 --app-health-threshold 2 --enable-api-logging --config {folder}/shop/own.yaml",
            string.Join(' ', app.SidecarArguments));
        Assert.Equal((5001, 5002, 5003, 0), (app.Port("appPort"), app.Port("daprInternalGRPCPort"), app.Port("metricsPort"), app.Port("daprHTTPPort")));
        Assert.Equal(("h2c", "127.0.0.2"), (app.Protocol, app.ChannelAddress));
        Assert.Equal(["shop", "--open"], app.Command);
    }

    [Fact]
    public void An_app_says_more_than_all_but_not_by_saying_nothing()
    {
        var apps = Read("""
            version: 1
            name: street
            common:
              configFilePath: ./all.yaml
              logLevel: warn
              appMaxConcurrency: 5
              enableAppHealthCheck: true
              env: { A: all, B: all }
            apps:
              - { appDirPath: ./shop, logLevel: info, appMaxConcurrency: 0, enableAppHealthCheck: false, enableApiLogging: false, env: { A: own } }
              - { appDirPath: ./inn }
            """).Apps;

        Assert.Equal($"--app-max-concurrency 5 --log-level info --enable-app-health-check --config {folder}/all.yaml", string.Join(' ', apps[0].SidecarArguments));
        Assert.Equal($"--app-max-concurrency 5 --log-level warn --enable-app-health-check --config {folder}/all.yaml", string.Join(' ', apps[1].SidecarArguments));
        Assert.Equal(["A=own", "B=all"], apps[0].Environment.Select(pair => $"{pair.Key}={pair.Value}").Order());
        Assert.Equal(("http", ""), (apps[0].Protocol, apps[0].ChannelAddress));
        Assert.Equal(["shop", "inn"], apps.Select(app => app.Id));
    }

    [Theory]
    [InlineData("appHelthCheckPath: /well")]
    [InlineData("unixDomainSocket: /run/dapr")]
    [InlineData("appSSL: true")]
    public void What_it_does_not_know_or_cannot_do_is_refused_by_name(string line)
    {
        var own = Assert.Throws<UserMessageException>(() => Read($"apps:\n  - appDirPath: shop\n    {line}\n"));
        var common = Assert.Throws<UserMessageException>(() => Read($"common:\n  {line}\napps: []\n"));

        Assert.Contains($"shop has {line.Split(':')[0]}", own.Message, StringComparison.Ordinal);
        Assert.Contains($"common has {line.Split(':')[0]}", common.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_port_or_no_yaml_is_told_with_its_place()
    {
        var port = Assert.Throws<UserMessageException>(() => Read("apps:\n  - { appDirPath: shop, appPort: harbour }\n").Apps[0].Port("appPort"));
        var yaml = Assert.Throws<UserMessageException>(() => Read("apps:\n  - {\n"));

        Assert.Contains("appPort of shop is harbour", port.Message, StringComparison.Ordinal);
        Assert.Contains("dapr.yaml line ", yaml.Message, StringComparison.Ordinal);
    }

    /// <summary>The Dapr CLI starts nothing when a path is not there.</summary>
    [Fact]
    public void Everything_that_dapr_yaml_names_is_there()
    {
        var workspace = new Workspace();
        var apps = RunFile.Read(workspace.RunFile).Apps;

        Assert.All(apps, app =>
        {
            Assert.True(Directory.Exists(app.Folder), app.Folder);
            Assert.True(File.Exists(app.SidecarArguments[^1]), app.SidecarArguments[^1]);
            if (app.Command[0] == "dotnet")
            {
                var project = Path.GetFileName(Directory.GetFiles(app.Folder, "*.csproj").Single());
                Assert.Equal(Workspace.Assembly(workspace.Root, Path.GetFileNameWithoutExtension(project)), Path.GetFullPath(app.Command[1], app.Folder));
            }
        });
        Assert.Contains("resourcesPaths: [./components/redis]", File.ReadAllText(workspace.RunFile), StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(workspace.Root, "components/redis")));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private RunFile Read(string text)
    {
        var file = Path.Combine(folder, "dapr.yaml");
        File.WriteAllText(file, text);
        return RunFile.Read(file);
    }
}
