using System.Diagnostics;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>What the pipeline does with a copy of the manifests.</summary>
public sealed class ReleaseTests : IDisposable
{
    private readonly DirectoryInfo copy = Directory.CreateTempSubdirectory("eco2-deploy-");

    public ReleaseTests()
    {
        Shell($"mkdir -p '{copy.FullName}/deploy' && cp -r '{Checkout.Root}/deploy/k8s' '{Checkout.Root}/deploy/observability' '{copy.FullName}/deploy/' && cp -r '{Checkout.Root}/components' '{copy.FullName}/'");
    }

    private static IEnumerable<string> Digests => DaprFile.Apps.Select((app, at) => $"{app.Id} sha256:{new string((char)('a' + (at % 6)), 64)}");

    [Theory]
    [InlineData("aws")]
    [InlineData("azure")]
    [InlineData("gcp")]
    [InlineData("production")]
    [InlineData("rabbitmq")]
    public void After_a_release_every_image_has_its_digest(string overlay)
    {
        Assert.Equal("", Release(Digests));

        Assert.Empty(PolicyRules.ReleasedComplaints(new Overlay(overlay, Overlay.Render(Path.Combine(copy.FullName, "deploy/k8s/overlays", overlay)))));
    }

    [Fact]
    public void Before_a_release_nothing_could_run() =>
        Assert.Contains(PolicyRules.ReleasedComplaints(Overlay.Load("aws")), said => said.Contains("registry.invalid/eco2-gateway@sha256:000", StringComparison.Ordinal));

    [Fact]
    public void A_release_without_one_app_changes_nothing()
    {
        var file = Path.Combine(copy.FullName, "deploy/k8s/images/kustomization.yaml");
        var before = File.ReadAllText(file);

        Assert.Contains("no digest for media", Release(Digests.SkipLast(1)), StringComparison.Ordinal);
        Assert.Contains("media has no digest: latest", Release([.. Digests.SkipLast(1), "media latest"]), StringComparison.Ordinal);
        Assert.Contains("there is no app news", Release([.. Digests, $"news sha256:{new string('a', 64)}"]), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(file));
    }

    /// <summary>A cluster without KEDA takes the other component in its place.</summary>
    [Fact]
    public void Without_KEDA_the_autoscalers_of_the_cluster_do()
    {
        var file = Path.Combine(copy.FullName, "deploy/k8s/overlays/production/kustomization.yaml");
        File.WriteAllText(file, string.Join('\n', File.ReadAllLines(file).Where(line => line != "  - broker.yaml").Select(line => line.Replace("components/keda", "components/hpa", StringComparison.Ordinal))));
        var overlay = new Overlay("production", Overlay.Render(Path.GetDirectoryName(file)!));

        Assert.Equal(DaprFile.Apps.Select(app => app.Id).Order(StringComparer.Ordinal), overlay.Of("HorizontalPodAutoscaler").Select(scaler => scaler.Name).Order(StringComparer.Ordinal));
        Assert.Equal("Rollout", overlay.Find("HorizontalPodAutoscaler", "gateway")!.Spec["scaleTargetRef/kind"].Text);
        Assert.Empty(overlay.Objects.SelectMany(Schema.Complaints));
        Assert.Empty(ReferenceRules.Complaints(overlay));
        Assert.Empty(PolicyRules.Complaints(overlay));
    }

    public void Dispose() => copy.Delete(recursive: true);

    private string Release(IEnumerable<string> digests) => Shell($"printf '%s\\n' {string.Join(' ', digests.Select(line => $"'{line}'"))} | '{copy.FullName}/deploy/k8s/release' registry.example/team 2>&1 || true");

    private static string Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", command]) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return said;
    }
}
