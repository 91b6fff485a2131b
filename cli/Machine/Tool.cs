using System.Globalization;

namespace Eco2.Cli.Machine;

/// <summary>A program that a command needs, why, and the Debian package that brings it.</summary>
internal sealed record Tool(string Name, string Why, string Package, Func<string?> Locate)
{
    public static readonly Tool Postgres = new("postgres", "stores accounts, scans and rewards", "postgresql", () => PostgresBin() is { } bin ? Path.Combine(bin, "postgres") : null);

    public static readonly Tool Redis = new("redis-server", "holds messages, jobs and workflow histories", "redis-server", () => Shell.Find("redis-server"));

    public static readonly Tool RabbitMq = new(
        "rabbitmq-server", "carries messages", "rabbitmq-server", () => File.Exists(RabbitMqServer) ? RabbitMqServer : null);

    public static readonly Tool Node = new("node", "runs the media app (local vision)", "nodejs", () => Shell.Find("node"));

    public static readonly Tool Npm = new("npm", "installs what the media app is built from", "npm", () => Shell.Find("npm"));

    public static readonly Tool SetPriv = new("setpriv", "starts the databases without root's rights", "util-linux", () => Shell.Find("setpriv"));

    // The one in the PATH wants to be root or the account of the package, and the folders of the package.
    private const string RabbitMqServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly Tool FakeTime = new(
        "libfaketime",
        "sets the clock of what the fault tests start",
        "libfaketime",
        () => ((string[])["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"])
            .Select(folder => Path.Combine(folder, "libfaketime.so.1")).FirstOrDefault(File.Exists));

    private static readonly Tool Chromium = new("chromium", "runs the tests of the page", "chromium", () => Shell.Find("chromium"));

    private static readonly Tool KoreanFont = new(
        "a Korean font", "lets the page's pictures show Korean", "fonts-nanum", () => Directory.Exists("/usr/share/fonts/truetype/nanum") ? "/usr/share/fonts/truetype/nanum" : null);

    private static readonly Tool Promtool = new("promtool", "judges and tries the rules of Prometheus", "prometheus", () => Shell.Find("promtool"));

    private static readonly Tool Amtool = new(
        "amtool", "judges the routes of alerts", "prometheus-alertmanager", () => Shell.Find("prometheus-alertmanager") is null ? null : Shell.Find("amtool"));

    /// <summary>What every run needs, whatever its target.</summary>
    public static IReadOnlyList<Tool> ForRun { get; } = Environment.IsPrivilegedProcess ? [Postgres, Node, Npm, SetPriv] : [Postgres, Node, Npm];

    /// <summary>What the tests need beside it.</summary>
    public static IReadOnlyList<Tool> ForTest { get; } = [.. ForRun, Redis, RabbitMq, FakeTime, Chromium, KoreanFont, Promtool, Amtool];

    /// <summary>The folder with initdb and postgres: newest version of the distribution's layout first, then the PATH.</summary>
    public static string? PostgresBin()
    {
        var versions = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        return versions
            .OrderByDescending(v => double.TryParse(Path.GetFileName(v), NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .Select(v => Path.Combine(v, "bin"))
            .Append(Path.GetDirectoryName(Shell.Find("initdb")) ?? "")
            .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    /// <summary>Installs what is missing by package name, after saying what and why.</summary>
    public static async Task InstallMissingAsync(IEnumerable<Tool> tools, Progress progress, CancellationToken ct)
    {
        var missing = tools.Where(tool => tool.Locate() is null).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        if (Shell.Find("apt-get") is null)
        {
            throw new UserMessageException(
                $"Missing: {string.Join(", ", missing.Select(t => $"{t.Name} ({t.Why})"))}. Install {(missing.Count == 1 ? "it" : "them")} with this system's package manager and try again.");
        }

        foreach (var tool in missing)
        {
            progress.Say($"{tool.Name} is missing: it {tool.Why}. Installing the package {tool.Package}.");
        }

        var packages = missing.Select(tool => tool.Package).Distinct(StringComparer.Ordinal).ToArray();
        await AptAsync(["update", "-qq"], ct);
        await AptAsync(["install", "-y", "-qq", "--no-install-recommends", .. packages], ct);
        if (missing.Find(tool => tool.Locate() is null) is { } still)
        {
            throw new UserMessageException($"The package {still.Package} was installed, but there is still no {still.Name}. Is it an unusual version of the system?");
        }
    }

    private static async Task AptAsync(string[] arguments, CancellationToken ct)
    {
        string[] command = Environment.IsPrivilegedProcess ? ["apt-get", .. arguments] : ["sudo", "DEBIAN_FRONTEND=noninteractive", "apt-get", .. arguments];
        if (Shell.Find(command[0]) is null)
        {
            throw new UserMessageException($"Packages are missing and neither root's rights nor sudo are there. As root, run: apt-get {string.Join(' ', arguments)}");
        }

        // A private server is started by eco2; the one that a Debian package would start by itself is not wanted.
        var environment = new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive", ["RUNLEVEL"] = "1" };
        var (exit, output) = await Shell.RunAsync(command[0], command[1..], "/", ct, environment: environment);
        if (exit != 0)
        {
            var reason = output.Split('\n').LastOrDefault(line => line.StartsWith("E:", StringComparison.Ordinal)) ?? output.TrimEnd().Split('\n').Last();
            throw new UserMessageException($"Could not install packages ({reason.Trim()}). Try: {string.Join(' ', command)}");
        }
    }
}
