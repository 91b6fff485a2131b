using Eco2.Cli.Up;
using Xunit;

namespace Eco2.Cli.Tests;

public sealed class PortsTests
{
    [Fact]
    public void A_port_that_was_given_out_is_nobody_elses_before_it_is_bound()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"eco2-ports-{Environment.UserName}");
        var ports = Enumerable.Range(0, 20).Select(_ => Ports.Free()).ToList();

        Assert.Equal(ports.Count, ports.Distinct().Count());
        // What another run would do with the same number.
        Assert.All(ports, port => Assert.ThrowsAny<IOException>(() => new FileStream(Path.Combine(folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None).Dispose()));
        Assert.All(ports, port => Assert.True(Ports.IsFree(port)));
    }
}
