using Xunit;

namespace Eco2.Services.Tests.OpenApi;

/// <summary>A file of the repository that is made from the code, by the test that compares them.</summary>
internal static class RecordedFile
{
    public static async Task SameAsync(string name, string text)
    {
        var path = TestSidecar.Repository(name);
        text = text.ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("ECO2_RECORD") == "1")
        {
            await File.WriteAllTextAsync(path, text);
        }

        Assert.True(await File.ReadAllTextAsync(path) == text, $"The API has changed: run ECO2_RECORD=1 ./eco2 test Services and commit {name}.");
    }
}
