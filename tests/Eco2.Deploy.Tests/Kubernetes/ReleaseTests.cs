using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>What the pipeline does with a copy of the manifests.</summary>
public sealed class ReleaseTests : IDisposable
{
    private readonly DirectoryInfo copy = Directory.CreateTempSubdirectory("eco2-deploy-");

    public ReleaseTests()
    {
        Shell($"mkdir -p '{copy.FullName}/deploy' && cp -r '{Checkout.Root}/deploy/k8s' '{Checkout.Root}/deploy/observability' '{copy.FullName}/deploy/' && cp -r '{Checkout.Root}/components' '{Checkout.Root}/dapr.yaml' '{copy.FullName}/'");
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

    /// <summary>The command of the runbook, with a stand-in for the registry's client.</summary>
    [Fact]
    public void What_a_tag_is_at_the_registry_gets_pinned()
    {
        var block = Regex.Match(File.ReadAllText(Path.Combine(Checkout.Root, "docs/operations.md")), @"```sh release\n([\s\S]*?)```").Groups[1].Value;
        // A digest that tells the name it was asked for.
        File.WriteAllText(Path.Combine(copy.FullName, "docker"), "#!/bin/sh\n[ \"$1 $2 $3 $5 $6\" = \"buildx imagetools inspect --format {{json .Manifest}}\" ] && printf '{\"digest\":\"sha256:%s\"}' \"$(printf %s \"$4\" | sha256sum | cut -d' ' -f1)\"\n");
        File.SetUnixFileMode(Path.Combine(copy.FullName, "docker"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(copy.FullName, "block"), block);

        Assert.Equal("", Shell($"cd '{copy.FullName}' && PATH=$PWD:$PATH REGISTRY=registry.example/team TAG=7 sh -eu ./block 2>&1"));

        var overlay = new Overlay("aws", Overlay.Render(Path.Combine(copy.FullName, "deploy/k8s/overlays/aws")));
        Assert.Empty(PolicyRules.ReleasedComplaints(overlay));
        Assert.All(overlay.Apps, app => Assert.Equal($"registry.example/team/eco2-{app.Name}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"registry.example/team/eco2-{app.Name}:7")))}", app.Containers.First()["image"].Text));
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
