using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Load from outside. <c>./eco2 bench</c> starts it beside a system and measures both.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) =>
        new RootCommand("Puts load on a running system.") { LoadCommand.Create(), StreamsCommand.Create(), TokensCommand.Create(), AuthzCommand.Create() }.Parse(args).InvokeAsync();
}
