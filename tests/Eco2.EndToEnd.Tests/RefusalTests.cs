using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

public sealed class RefusalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-refusal-").FullName;

    [EmbeddedTheory]
    [InlineData("broken.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: broken", "broken.yaml")]
    [InlineData("odd.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: odd }\nspec: { type: state.punchcard, version: v1 }\n", "state.punchcard")]
    public async Task A_component_file_that_cannot_work_stops_the_start_with_one_sentence_that_names_it(string file, string text, string named)
    {
        var components = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
        foreach (var good in Directory.GetFiles(Path.Combine(EcoSystem.Root, "components", EcoRun.Components)))
        {
            File.Copy(good, Path.Combine(components, Path.GetFileName(good)));
        }

        await File.WriteAllTextAsync(Path.Combine(components, file), text);

        var (exit, output) = await EcoSystem.RunAsync("dotnet", EcoSystem.Command, "up", "--no-build", "--free-ports", "--state", Path.Combine(folder, "state"), "--components", components);

        Assert.Equal(1, exit);
        var sentence = output.TrimEnd().Split('\n')[^1];
        Assert.Contains(named, sentence, StringComparison.Ordinal);
        Assert.Contains(file, sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        // The folders of the servers belong to their accounts.
        using var remove = System.Diagnostics.Process.Start("rm", ["-rf", folder]);
        remove.WaitForExit();
    }
}
