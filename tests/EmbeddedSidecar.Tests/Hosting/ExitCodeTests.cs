using System.Diagnostics;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData("state.redis", "redisHost: 127.0.0.1:1", 1, "Redis at 127.0.0.1:1 is not reachable")]
    [InlineData("pubsub.rabbitmq", "connectionString: amqp://127.0.0.1:1", 1, "RabbitMQ at 127.0.0.1:1")]
    [InlineData("state.punchcard", "drawer: 1", 2, "state.punchcard")]
    public async Task A_server_that_is_away_is_worth_another_start_and_a_wrong_file_is_not(string type, string setting, int code, string sentence)
    {
        var folder = Directory.CreateTempSubdirectory("exit-code-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "component.yaml"), SidecarFixture.Component("one", type, setting));
        await File.WriteAllTextAsync(Path.Combine(folder, "dapr.yaml"), $"""
            version: 1
            apps:
            - appID: a
              appDirPath: .
              daprHTTPPort: {ChildServer.FreePort()}
              daprGRPCPort: {ChildServer.FreePort()}
              command: ["true"]
            """);

        using var sidecar = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "EmbeddedSidecar.dll"), "--run-file", $"{folder}/dapr.yaml", "--resources-path", folder])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var errors = await sidecar.StandardError.ReadToEndAsync();
        await sidecar.WaitForExitAsync();

        Assert.Equal(code, sidecar.ExitCode);
        Assert.Contains(sentence, errors, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
