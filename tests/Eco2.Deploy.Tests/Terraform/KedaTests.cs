using Eco2.Deploy.Tests.Kubernetes;
using Xunit;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>The identity by which KEDA's operator asks the cloud: Terraform makes it, its chart takes it on, the overlay's scalers ask through it.</summary>
public sealed class KedaTests
{
    private static readonly Dictionary<string, (string Provider, string Identity)> Clouds = new()
    {
        ["aws"] = ("aws", "aws/irsa"),
        ["azure"] = ("azure-workload", "azureWorkload"),
        ["gcp"] = ("gcp", "gcp"),
    };

    public static TheoryData<string> Names => [.. Cloud.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_scaler_at_the_broker_asks_by_the_operators_own_identity(string cloud)
    {
        var (overlay, (provider, identity)) = (Overlay.Load(cloud), Clouds[cloud]);
        var asked = overlay.Of("ScaledObject").SelectMany(scaler => scaler.Spec["triggers"].Items).Where(trigger => trigger["type"].Text is not ("cpu" or "prometheus")).Select(trigger => trigger["authenticationRef/name"].Text).ToList();

        Assert.Equal(2, asked.Count);
        Assert.All(asked, name => Assert.Equal(provider, overlay.Find("TriggerAuthentication", name)!.Spec["podIdentity/provider"].Text));
        // Another role or client than the operator's own would want rights of its own.
        Assert.All(asked, name => Assert.Single(overlay.Find("TriggerAuthentication", name)!.Spec["podIdentity"].Pairs));
        Assert.Equal("true", new CloudNames(Cloud.Load(cloud), overlay).Keda[identity]["enabled"].Text);
    }

    /// <summary>In the namespace that Argo CD puts the chart into, with the name that the chart gives.</summary>
    [Theory]
    [InlineData("aws", "system:serviceaccount:{0}:keda-operator")]
    [InlineData("azure", "system:serviceaccount:{0}:keda-operator")]
    [InlineData("gcp", "svc.id.goog[{0}/keda-operator]")]
    public void Only_the_operators_service_account_takes_the_identity_on(string cloud, string subject)
    {
        var place = Manifest.Read(Overlay.Render(Path.Combine(Cloud.Folder, "../argocd", cloud))).Single(o => o is { Kind: "Application", Name: "keda" }).Spec["destination/namespace"].Text;

        Assert.Contains(string.Format(System.Globalization.CultureInfo.InvariantCulture, subject, place), Cloud.Load(cloud).Texts["keda.tf"], StringComparison.Ordinal);
    }

    /// <param name="right">The one right that is given.</param>
    /// <param name="gives">What every right begins with, that of taking the identity on included.</param>
    [Theory]
    [InlineData("aws", "actions = [\"sqs:GetQueueAttributes\"] resources = [for trigger in module.names.scaled : aws_sqs_queue.app[trigger.queueURL].arn]", " actions = ", 2)]
    [InlineData("azure", "for_each = local.scaled scope = azurerm_servicebus_subscription.app[each.key].id role_definition_name = \"Azure Service Bus Data Owner\"", " role_definition_name = ", 1)]
    [InlineData("gcp", "role = \"roles/monitoring.viewer\" member = google_service_account.keda.member", " role = ", 2)]
    public void It_may_count_what_the_scalers_name_and_nothing_else(string cloud, string right, string gives, int times)
    {
        var text = string.Join(' ', Cloud.Load(cloud).Texts["keda.tf"].Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

        Assert.Contains(right, text, StringComparison.Ordinal);
        Assert.Equal(times, text.Split(gives).Length - 1);
        Assert.DoesNotContain("keda", string.Concat(Cloud.Load(cloud).Texts.Where(file => file.Key is not ("keda.tf" or "outputs.tf")).Select(file => file.Value)), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The example's account and project are in two places, for which one operator answers.</summary>
    [Theory]
    [InlineData("aws", "arn:aws:iam::000000000000:role/eco2-gateway", "aws/irsa/roleArn")]
    [InlineData("gcp", "eco2-gateway@eco2-example.iam.gserviceaccount.com", "gcp/gcpIAMServiceAccount")]
    public void It_is_of_the_apps_account(string cloud, string gateway, string value)
    {
        var overlay = Overlay.Load(cloud);

        Assert.Equal(gateway, overlay.Find("ServiceAccount", "gateway")!.Annotations.Values.Single(annotation => annotation.Contains("eco2-gateway", StringComparison.Ordinal)));
        Assert.Equal(gateway.Replace("gateway", "keda", StringComparison.Ordinal), new CloudNames(Cloud.Load(cloud), overlay).Keda[value].Text);
    }

    /// <summary>What <c>names</c> must hand out: the values of each trigger's metadata, by the order of their names.</summary>
    internal static IEnumerable<string> Counted(Overlay overlay) => overlay.Of("ScaledObject").SelectMany(scaler => scaler.Spec["triggers"].Items).Where(trigger => trigger["authenticationRef"].IsThere)
        .Select(trigger => string.Join('/', trigger["metadata"].Pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value.Text)));
}
