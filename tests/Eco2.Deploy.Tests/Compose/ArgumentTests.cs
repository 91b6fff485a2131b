using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>Dapr's programs end at once when they are told what they do not know. The stand-in that the command's tests run has the list of what they do.</summary>
public sealed class ArgumentTests : IDisposable
{
    private readonly string _bin = Directory.CreateTempSubdirectory("eco2-dapr-bin-").FullName;

    public ArgumentTests()
    {
        foreach (var program in (string[])["daprd", "placement", "scheduler"])
        {
            File.Copy(Path.Combine(Checkout.Root, "tests/Eco2.Testing/StandIns/dapr.js"), Path.Combine(_bin, program));
        }
    }

    public void Dispose() => Directory.Delete(_bin, recursive: true);

    [Fact]
    public async Task Dapr_knows_every_argument_it_is_given()
    {
        var commands = Commands(ComposeProject.Load());

        Assert.Equal(["daprd", "placement", "scheduler"], commands.Select(command => command[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(commands, command => command.Contains("--wait"));
        foreach (var command in commands)
        {
            Assert.Equal($"{command[0]}: unknown flag: --of-the-future", await SaidAsync(command));
        }
    }

    [Theory]
    [InlineData("compose.yaml", "--dapr-internal-grpc-port=", "--dapr-internal-port=", "unknown flag: --dapr-internal-port")]
    [InlineData("compose.yaml", "./daprd, --wait,", "./daprd, --await,", "unknown flag: --await")]
    [InlineData("stores.yaml", "--etcd-data-dir=", "--data-dir=", "unknown flag: --data-dir")]
    public async Task One_that_it_does_not_know_is_found(string file, string from, string to, string complaint)
    {
        var said = await Task.WhenAll(Commands(ComposeProject.Load(file, from, to)).Select(SaidAsync));

        Assert.Contains(complaint, said);
    }

    // Program and arguments, of services and of their health checks.
    private static List<string[]> Commands(ComposeProject project) =>
    [
        .. project.Services.Values.Where(service => service.Text("image")?.StartsWith("daprio/", StringComparison.Ordinal) == true)
            .SelectMany(service => (IReadOnlyList<string>[])[service.List("command"), HealthCheck(service)])
            .Where(words => words.Count > 0)
            .Select(words => (string[])[Path.GetFileName(words[0]), .. words.Skip(1).Select(ComposeProject.Expand)])
            .DistinctBy(words => string.Join(' ', words)),
    ];

    private static IReadOnlyList<string> HealthCheck(Service service) =>
        service.Settings.GetValueOrDefault("healthcheck") is IDictionary<object, object> check && check["test"] is IEnumerable<object> words ? [.. words.Skip(1).Select(word => word.ToString()!)] : [];

    // It takes the arguments, and then ends as if there were one of the future among them.
    private async Task<string> SaidAsync(string[] command)
    {
        var (_, output) = await EcoRun.RunAsync("env", [$"ECO2_STAND_IN_FAILS={command[0]}", "ECO2_STAND_IN_RECORD=/dev/null", Path.Combine(_bin, command[0]), .. command.Skip(1)]);
        return output.Trim();
    }
}
