using System.Collections.Concurrent;
using System.Diagnostics;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>What <c>kubectl kustomize</c> makes of a folder.</summary>
internal sealed record Overlay(string Name, string Text)
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> Rendered = new();

    public static IReadOnlyList<string> Names { get; } = ["local", "aws", "azure", "gcp", "production", "rabbitmq"];

    public IReadOnlyList<Manifest> Objects { get; } = Manifest.Read(Text);

    /// <summary>The product's own; not what watches the servers.</summary>
    public IReadOnlyList<Manifest> Apps => [.. Of("Deployment").Where(workload => workload.PodLabels.GetValueOrDefault("app.kubernetes.io/component") != "exporter")];

    public static Overlay Load(string name) => new(name, Rendered.GetOrAdd(name, _ => new(() => Render(Path.Combine(Checkout.Root, "deploy/k8s/overlays", name)))).Value);

    /// <summary>What a mistake would look like.</summary>
    public static Overlay Altered(string name, string from, string to)
    {
        var text = Load(name).Text;
        return text.Contains(from, StringComparison.Ordinal) ? new(name, text.Replace(from, to, StringComparison.Ordinal)) : throw new InvalidOperationException($"{name} does not say: {from}");
    }

    public IEnumerable<Manifest> Of(params string[] kinds) => Objects.Where(o => kinds.Contains(o.Kind, StringComparer.Ordinal));

    public Manifest? Find(string kind, string name) => Objects.FirstOrDefault(o => o.Kind == kind && o.Name == name);

    public static string Render(string folder)
    {
        var own = Path.Combine(Checkout.Root, "artifacts/tools/kubectl");
        var start = new ProcessStartInfo(File.Exists(own) ? own : "kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("kubectl did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"kubectl kustomize {folder}: {errors.Result}");
    }
}
