using System.Diagnostics;
using Eco2.Deploy.Tests.Compose;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Observability;

/// <summary>One rule of <c>deploy/observability/rules</c>.</summary>
internal sealed record Rule(string File, string Name, bool IsAlert, string Expression, string Severity, string Summary, Uri? Runbook);

/// <summary>The rules as they stand, and as Compose's Prometheus gets them.</summary>
internal static class Rules
{
    public static string Folder { get; } = Path.Combine(Checkout.Root, "deploy/observability/rules");

    public static IReadOnlyList<Rule> All { get; } = [
        .. Directory.GetFiles(Folder).Order(StringComparer.Ordinal).SelectMany(file => Manifest.Read(File.ReadAllText(file)).Single().Spec["groups"].Items
            .SelectMany(group => group["rules"].Items).Select(rule => Read(Path.GetFileNameWithoutExtension(file), rule)))];

    public static IEnumerable<Rule> Alerts => All.Where(rule => rule.IsAlert);

    /// <summary>Runs the very lines that Compose's Prometheus is started with, up to its start, on these files.</summary>
    public static void Unpack(string from, string to)
    {
        var lines = ComposeProject.Load().Services["prometheus"].List("command").Single().Split('\n').TakeWhile(line => !line.StartsWith("exec ", StringComparison.Ordinal));
        var script = string.Join('\n', lines).Replace("$$", "$", StringComparison.Ordinal).Replace("/etc/eco2/rules", from, StringComparison.Ordinal).Replace("/tmp/rules", to, StringComparison.Ordinal);
        var (exit, said) = Tool.Run("sh", ["-ec", script], to);
        if (exit != 0)
        {
            throw new InvalidOperationException(said);
        }
    }

    private static Rule Read(string file, Node rule) => new(
        file,
        rule["alert"].IsThere ? rule["alert"].Text : rule["record"].Text,
        rule["alert"].IsThere,
        rule["expr"].Text,
        rule["labels/severity"].Text,
        rule["annotations/summary"].Text,
        Uri.TryCreate(rule["annotations/runbook_url"].Text, UriKind.Absolute, out var runbook) ? runbook : null);
}

/// <summary>The makers' own tools: promtool, amtool.</summary>
internal static class Tool
{
    /// <summary>Exit code and all that it printed.</summary>
    public static (int ExitCode, string Said) Run(string command, IEnumerable<string> arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}

/// <summary>A folder that is gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("eco2-observability-").FullName;

    public string Write(string name, string text)
    {
        var file = System.IO.Path.Combine(Path, name);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
