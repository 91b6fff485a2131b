using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>An operator far from the machine: the block of docs/operations.md that signs in, and a command with the token that it gives.</summary>
[Collection(SharedSystem.Name)]
public sealed partial class OperatorTests(EcoSystem system)
{
    [Fact]
    public async Task A_token_from_the_runbook_opens_what_is_for_admins()
    {
        // Makes the operator of this run: its address verified, its second factor on.
        var (exit, output) = await system.Eco2Async("dead-letters", "list");
        Assert.True(exit == 0, output);
        var user = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(system.State, "user.json")));
        var script = Block().Match(await File.ReadAllTextAsync(Path.Combine(EcoSystem.Root, "docs/operations.md"))).Groups["script"].Value;
        var elsewhere = Directory.CreateTempSubdirectory("eco2-operator-");

        var token = "";
        await Eventually.TrueAsync(
            async () =>
            {
                // A code counts once, and another test may have used this one.
                var code = AccountJourneyTests.Code(user.GetProperty("TotpSecret").GetString()!, AccountJourneyTests.Step() + 1);
                (_, token) = await EcoRun.RunAsync(
                    "env", $"URL={system.Url.GetLeftPart(UriPartial.Authority)}", $"EMAIL={user.GetProperty("Email").GetString()}", $"PASSWORD={user.GetProperty("Password").GetString()}", $"CODE={code}",
                    "sh", "-eu", "-c", script + "printf %s \"$ECO2_ACCESS_TOKEN\"");
                return token.StartsWith("eyJ", StringComparison.Ordinal);
            },
            "the runbook gives a token",
            TimeSpan.FromSeconds(90));

        Assert.Equal(0, (await ListAsync(token)).ExitCode);
        Assert.Equal(1, (await ListAsync(token[..^8] + "AAAAAAAA")).ExitCode);
        // No account was made for it.
        Assert.Empty(elsewhere.EnumerateFileSystemInfos());
        elsewhere.Delete();

        Task<(int ExitCode, string Output)> ListAsync(string given) => EcoRun.RunAsync(
            "env", $"ECO2_ACCESS_TOKEN={given}", "dotnet", EcoRun.Command, "dead-letters", "list", "--url", system.Url.ToString(), "--state", elsewhere.FullName);
    }

    [GeneratedRegex(@"```sh operator-token\n(?<script>[\s\S]*?)```")]
    private static partial Regex Block();
}
