using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>What Argo CD is told.</summary>
public sealed class ArgoTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "deploy/argocd");

    private static readonly IReadOnlyList<Manifest> Objects = [.. Directory.GetFiles(Folder, "*.yaml", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "kustomization.yaml").Order(StringComparer.Ordinal).SelectMany(file => Manifest.Read(File.ReadAllText(file)))];

    public static TheoryData<string> Overlays => [.. Overlay.Names];

    [Fact]
    public void Every_object_has_the_shape_of_its_kind() => Assert.Empty(Objects.SelectMany(Schema.Complaints));

    [Fact]
    public void Applications_stay_in_their_project()
    {
        var projects = Objects.Where(o => o.Kind == "AppProject").ToDictionary(project => project.Name);
        foreach (var application in Objects.Where(o => o.Kind == "Application" && o.Name != "root").Select(o => o.Spec).Append(Objects.Single(o => o.Kind == "ApplicationSet").Spec["template/spec"]))
        {
            var project = projects[application["project"].Text].Spec;

            Assert.Contains(application["source/repoURL"].Text, project["sourceRepos"].Items.Select(repo => repo.Text));
            Assert.Contains(application["destination/namespace"].Text, project["destinations"].Items.Select(destination => destination["namespace"].Text));
        }
    }

    [Fact]
    public void A_chart_has_one_version()
    {
        var charts = Objects.Where(o => o.Spec["source/chart"].IsThere).ToList();

        Assert.NotEmpty(charts);
        Assert.All(charts, chart => Assert.Matches(@"^v?\d+\.\d+\.\d+$", chart.Spec["source/targetRevision"].Text));
    }

    [Fact]
    public void Every_overlay_may_be_a_clusters_label()
    {
        var values = Objects.Single(o => o.Kind == "ApplicationSet").Spec["generators"].Items.Single()["clusters/selector/matchExpressions"].Items.Single()["values"].Items.Select(value => value.Text);

        Assert.Equal(Directory.GetDirectories(Path.Combine(Checkout.Root, "deploy/k8s/overlays")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal), values.Order(StringComparer.Ordinal));
        Assert.Equal(Overlay.Names.Order(StringComparer.Ordinal), values.Order(StringComparer.Ordinal));
    }

    /// <summary>What root.yaml may name: the platform as it is, or with what a cloud adds.</summary>
    [Theory]
    [InlineData("apps")]
    [InlineData("aws")]
    [InlineData("azure")]
    [InlineData("gcp")]
    public void A_folder_brings_everything(string folder)
    {
        var rendered = Manifest.Read(Overlay.Render(Path.Combine(Folder, folder)));

        Assert.Equal(Directory.GetFiles(Path.Combine(Folder, "apps"), "*.yaml").Where(file => Path.GetFileName(file) != "kustomization.yaml").SelectMany(file => Manifest.Read(File.ReadAllText(file))).Select(o => o.Id).Order(StringComparer.Ordinal), rendered.Select(o => o.Id).Order(StringComparer.Ordinal));
        Assert.Empty(rendered.SelectMany(Schema.Complaints));
    }

    /// <summary>The cluster's label chooses the overlay, root.yaml the platform: both must speak of the same cloud.</summary>
    [Fact]
    public void The_cluster_gets_the_platform_of_its_overlay()
    {
        var overlay = Objects.Single(o => o.Kind == "Secret").Root["metadata/labels"].Member("eco2/overlay").Text;
        var folder = Path.GetFileName(Objects.Single(o => o.Name == "root").Spec["source/path"].Text);

        Assert.Equal(Directory.Exists(Path.Combine(Folder, overlay)) ? overlay : "apps", folder);
    }

    [Fact]
    public void The_platform_comes_before_the_product()
    {
        var product = Wave(Objects.Single(o => o.Kind == "ApplicationSet"));

        Assert.All(Objects.Where(o => o.Kind == "AppProject"), project => Assert.True(Wave(project) < Objects.Where(o => o.Spec["source/chart"].IsThere).Min(Wave)));
        Assert.All(Objects.Where(o => o.Spec["source/chart"].IsThere), chart => Assert.True(Wave(chart) < product));
    }

    /// <summary>Namespace, store of secrets, secrets and volumes, rules and components, migrations, apps, the way in.</summary>
    [Theory]
    [MemberData(nameof(Overlays))]
    public void Waves_are_in_order(string name)
    {
        var overlay = Overlay.Load(name);
        string[][] order = [["Namespace"], ["SecretStore"], ["ExternalSecret", "StatefulSet", "PersistentVolumeClaim"], ["Component", "Configuration", "Subscription", "Resiliency", "NetworkPolicy"], ["Job"], ["Deployment"], ["Ingress", "Rollout", "ScaledObject"]];
        var waves = order.Select(kinds => overlay.Of(kinds).Select(Wave).Distinct().ToList()).Where(found => found.Count > 0).ToList();

        Assert.All(waves.Zip(waves.Skip(1)), pair => Assert.True(pair.First.Max() < pair.Second.Min()));
        Assert.Equal("Sync", overlay.Find("Job", "migrations")!.Annotations["argocd.argoproj.io/hook"]);
    }

    private static int Wave(Manifest manifest) => int.Parse(manifest.Annotations.GetValueOrDefault("argocd.argoproj.io/sync-wave", "0"), System.Globalization.CultureInfo.InvariantCulture);
}
