using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>What must be there before a measurement.</summary>
internal static class BenchBuild
{
    private const int PictureCount = 36;

    public static async Task PrepareAsync(Workspace workspace, bool noBuild, Progress progress, CancellationToken ct)
    {
        await Tool.InstallMissingAsync([.. Tool.ForRun, Tool.Redis], progress, ct);
        if (!noBuild)
        {
            await Build.MediaAsync(workspace, progress, ct);
            await Build.DotnetAsync(workspace, "Eco2.Product.slnf", progress, ct);
            await Build.DotnetAsync(workspace, "Eco2.Bench.slnf", progress, ct);
        }
    }

    /// <summary>The folder with the pictures that users upload.</summary>
    public static async Task<string> PicturesAsync(Workspace workspace, Progress progress, CancellationToken ct)
    {
        var folder = Path.Combine(workspace.State, "pictures");
        if (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.jpg").Length < PictureCount)
        {
            await progress.StepAsync("Rendering pictures", async _ =>
            {
                var (exit, output) = await Shell.RunAsync("node", [Path.Combine(workspace.Root, "bench/LoadGenerator/render-pictures.mjs"), folder, $"{PictureCount}"], workspace.Root, ct);
                if (exit != 0)
                {
                    throw new UserMessageException($"The pictures could not be rendered:\n{output}");
                }
            });
        }

        return folder;
    }
}
