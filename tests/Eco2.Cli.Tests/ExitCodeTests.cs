using Eco2.Cli.Bench;
using Eco2.Cli.Machine;
using Xunit;

namespace Eco2.Cli.Tests;

/// <summary>What the command says, and ends with, when it is asked for what cannot be.</summary>
public sealed class ExitCodeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-exit-").FullName;

    [Theory]
    [InlineData("scan photo.jpg --url nonsense", "nonsense")]
    [InlineData("dead-letters list --url localhost:8080", "localhost:8080")]
    [InlineData("keys list --url ftp://here", "ftp://here")]
    public async Task An_address_that_is_none_is_one_sentence_and_2(string line, string address)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "photo.jpg"), "");

        var (exit, said) = await RunAsync(line.Split(' '));

        Assert.Equal((2, $"\"{address}\" is no address of a gateway, such as http://localhost:8080.\n"), (exit, said));
    }

    [Fact]
    public async Task A_connection_string_that_is_none_is_not_quoted()
    {
        var (exit, said) = await RunAsync(["audit", "verify"], new Dictionary<string, string> { ["ECO2_POSTGRES"] = "secret nonsense" });

        Assert.Equal(2, exit);
        Assert.StartsWith("ECO2_POSTGRES is no connection string", said, StringComparison.Ordinal);
        Assert.Single(said.TrimEnd().Split('\n'));
        Assert.DoesNotContain("nonsense", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fresh_clone_has_nothing_to_measure()
    {
        string[] built = ["artifacts/bin/Eco2.Gateway/release/Eco2.Gateway.dll", "artifacts/bin/Eco2.LoadGenerator/release/Eco2.LoadGenerator.dll", "services/media/dist/main.js", "services/media/node_modules/sharp/package.json"];

        foreach (var file in built)
        {
            Assert.Equal(file, BenchBuild.Missing(folder));
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.WriteAllText(Path.Combine(folder, file), "");
        }

        Assert.Null(BenchBuild.Missing(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Task<(int ExitCode, string Output)> RunAsync(string[] words, Dictionary<string, string>? environment = null) =>
        Shell.RunAsync("dotnet", [typeof(UserMessageException).Assembly.Location, .. words], folder, CancellationToken.None, environment: environment);
}
