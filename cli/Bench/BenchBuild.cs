using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>What must be there before a measurement.</summary>
internal static class BenchBuild
{
    private const int PictureCount = 36;

    public static async Task PrepareAsync(Workspace workspace, bool noBuild, Progress progress, CancellationToken ct)
    {
        if (noBuild && Missing(workspace.Root) is { } missing)
        {
            throw new UserMessageException($"--no-build takes what is built, and {missing} is not there: run the same command once without --no-build.");
        }

        await Tool.InstallMissingAsync([.. Tool.ForRun, Tool.Redis], progress, ct);
        if (!noBuild)
        {
            await Build.MediaAsync(workspace, progress, ct);
            await Build.DotnetAsync(workspace, "Eco2.Product.slnf", progress, ct);
            await Build.DotnetAsync(workspace, "Eco2.Bench.slnf", progress, ct);
        }
    }

    /// <summary>What a build would have left behind and is not there; null when all is. Pictures are rendered with a package of the media app.</summary>
    internal static string? Missing(string root) =>
        ((string[])[Workspace.Assembly(root, "Eco2.Gateway"), Workspace.Assembly(root, "Eco2.LoadGenerator"), Path.Combine(root, "services/media/dist/main.js"), Path.Combine(root, "services/media/node_modules/sharp/package.json")])
            .Where(file => !File.Exists(file)).Select(file => Path.GetRelativePath(root, file)).FirstOrDefault();

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
