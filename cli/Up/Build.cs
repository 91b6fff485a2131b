using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>Restores and builds what runs, if a source is newer than what was built.</summary>
internal static class Build
{
    private static readonly string[] SourceFolders = ["bench", "cli", "contracts", "protos", "sdk", "services", "sidecar", "tests", "workflows"];

    public static async Task DotnetAsync(Workspace workspace, string solution, Progress progress, CancellationToken ct)
    {
        var stamp = Path.Combine(workspace.Root, "artifacts", solution + ".stamp");
        var newest = NewestSource(workspace.Root);
        if (File.Exists(stamp) && File.GetLastWriteTimeUtc(stamp) >= newest)
        {
            return;
        }

        await progress.StepAsync("Building the .NET projects", async detail =>
        {
            var (exit, output) = await Shell.RunAsync(
                "dotnet",
                ["build", solution, "-c", "Release", "--nologo", "-clp:NoSummary"],
                workspace.Root,
                ct,
                line => detail(line.Split(" -> ") is [var project, _] ? project.Trim() : "restoring"));
            if (exit != 0)
            {
                var errors = output.Split('\n').Where(line => line.Contains("error ", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Take(20);
                throw new UserMessageException($"The build failed:\n{string.Join('\n', errors)}");
            }
        });
        // The compiler server would stay for minutes with half a gigabyte.
        await Shell.RunAsync("dotnet", ["build-server", "shutdown", "--vbcscompiler"], workspace.Root, ct);
        await File.WriteAllTextAsync(stamp, "", ct);
        // Not now but when we looked: a file saved during the build is newer than this.
        File.SetLastWriteTimeUtc(stamp, newest);
    }

    public static async Task MediaAsync(Workspace workspace, Progress progress, CancellationToken ct)
    {
        var folder = Path.Combine(workspace.Root, "services/media");
        var lockFile = await InstallAsync(folder, "Installing the media app's packages", progress, ct);
        if (IsStale(Path.Combine(folder, "dist/main.js"), Directory.GetFiles(Path.Combine(folder, "src"), "*.ts", SearchOption.AllDirectories).Append(lockFile)))
        {
            await progress.StepAsync("Building the media app", _ => NpmAsync(folder, ct, "run", "build"));
        }
    }

    /// <summary>The suite that runs Dapr's package for JavaScript compiles itself; it needs that package.</summary>
    public static Task ConformanceAsync(Workspace workspace, Progress progress, CancellationToken ct) =>
        InstallAsync(Path.Combine(workspace.Root, "tests/conformance-js"), "Installing Dapr's package for JavaScript", progress, ct);

    /// <summary>The page that the gateway serves.</summary>
    public static async Task WebAsync(Workspace workspace, Progress progress, CancellationToken ct)
    {
        var folder = Path.Combine(workspace.Root, "web");
        var lockFile = await InstallAsync(folder, "Installing the page's packages", progress, ct);
        var sources = ((string[])["src", "public", "scripts"]).Select(part => Path.Combine(folder, part))
            .SelectMany(part => Directory.EnumerateFileSystemEntries(part, "*", SearchOption.AllDirectories).Append(part))
            .Concat([lockFile, Path.Combine(folder, "index.html"), Path.Combine(folder, "vite.config.ts")]);
        // The service worker is written last.
        if (IsStale(Path.Combine(folder, "dist/sw.js.gz"), sources))
        {
            await progress.StepAsync("Building the page", _ => NpmAsync(folder, ct, "run", "build"));
        }
    }

    /// <summary>The suite that opens the page of <c>up --observe</c> needs the driver of a browser.</summary>
    public static Task BrowserAsync(Workspace workspace, Progress progress, CancellationToken ct) =>
        InstallAsync(Path.Combine(workspace.Root, "tests/observe-js"), "Installing the driver of the browser", progress, ct);

    /// <summary>The suite that runs docs/api.md needs a linter and a validator of JSON schemas.</summary>
    public static Task ApiAsync(Workspace workspace, Progress progress, CancellationToken ct) =>
        InstallAsync(Path.Combine(workspace.Root, "tests/api-js"), "Installing what lints the API", progress, ct);

    private static async Task<string> InstallAsync(string folder, string step, Progress progress, CancellationToken ct)
    {
        var lockFile = Path.Combine(folder, "package-lock.json");
        if (IsStale(Path.Combine(folder, "node_modules/.package-lock.json"), [lockFile]))
        {
            await progress.StepAsync(step, _ => NpmAsync(folder, ct, "ci", "--no-audit", "--no-fund"));
        }

        return lockFile;
    }

    /// <summary>Folders count too: theirs is the time at which a file was last added or removed.</summary>
    private static DateTime NewestSource(string root) =>
        SourceFolders.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists)
            .SelectMany(folder => new[] { folder }.Concat(Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)))
            .Where(path => !path.Contains("/services/media/", StringComparison.Ordinal) && !path.Contains("/tests/conformance-js", StringComparison.Ordinal) && !path.Contains("/tests/observe-js", StringComparison.Ordinal) && !path.Contains("/tests/api-js", StringComparison.Ordinal))
            .Concat(Directory.GetFiles(root, "Directory.*"))
            .Max(File.GetLastWriteTimeUtc);

    private static bool IsStale(string target, IEnumerable<string> sources) =>
        !File.Exists(target) || sources.Any(source => File.GetLastWriteTimeUtc(source) > File.GetLastWriteTimeUtc(target));

    private static async Task NpmAsync(string folder, CancellationToken ct, params string[] arguments)
    {
        var (exit, output) = await Shell.RunAsync("npm", arguments, folder, ct);
        if (exit != 0)
        {
            throw new UserMessageException($"npm {arguments[0]} failed in {folder}:\n{string.Join('\n', output.TrimEnd().Split('\n').TakeLast(15))}");
        }
    }
}
