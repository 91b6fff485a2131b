using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>What things are called: by Terraform, worked out for the account that the overlay's parameters stand for, and by the overlay with its components.</summary>
internal sealed partial class CloudNames(Cloud cloud, Overlay overlay)
{
    private const string Account = "000000000000";

    // What the overlays' example is made of.
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["region"] = "ap-northeast-2",
        ["suffix"] = "example",
        ["project"] = "eco2-example",
        ["namespace"] = "eco2",
        ["mail_domain"] = "eco2.example.com",
        ["mail_from"] = "no-reply@eco2.example.com",
        ["smtp_host"] = "smtp.example.com",
    };

    private static readonly string[] Stores = ["state", "jobs", "workflow"];

    private IEnumerable<string> Apps => overlay.Apps.Select(app => app.Name);

    private IEnumerable<Place> Places => overlay.Of("Subscription").SelectMany(s => s.Root["scopes"].Items.Select(app => new Place(s.Spec["topic"].Text, app.Text, s.Spec["pubsubname"].Text)));

    private sealed record Place(string Topic, string App, string Component);

    private sealed record Key(string Name, string Value, Place? Place = null);

    /// <summary>What <c>names</c> must hand out for this cloud: secrets, topics, accounts.</summary>
    public (IEnumerable<string> Secrets, IEnumerable<string> Topics, IEnumerable<string> Accounts) HandedOut => (Secrets().Distinct(), Places.Select(place => place.Topic).Distinct(), Apps.Append("secrets-reader"));

    public IEnumerable<string> Complaints() => [
        .. Differ("setting of a sidecar", Environment(), overlay.Apps[0].PodAnnotations["dapr.io/env"].Split(',')),
        .. Differ("secret", Made(cloud.Name switch { "aws" => "aws_secretsmanager_secret", "azure" => "azurerm_key_vault_secret", _ => "google_secret_manager_secret" }), Secrets()),
        .. Differ("topic", Made(cloud.Name switch { "aws" => "aws_sns_topic", "azure" => "azurerm_servicebus_topic", _ => "google_pubsub_topic" }), Places.Select(place => cloud.Name == "aws" ? NoTopic().Replace(place.Topic, "") : place.Topic)),
        .. Differ("queue", Queues(), Listened()),
        .. Differ("identity", Identities(), Accounts()),
        .. Own()];

    private IEnumerable<string> Own() => cloud.Name switch
    {
        "aws" => [
            .. Differ("table", Made("aws_dynamodb_table"), Settings("ECO2_STATE_TABLE", "ECO2_JOBS_TABLE", "ECO2_WORKFLOW_TABLE")),
            .. Differ("bucket", Made("aws_s3_bucket"), Settings("ECO2_OBJECTS_BUCKET")),
            .. Differ("mail identity", Made("aws_sesv2_email_identity"), Settings("ECO2_MAIL_FROM").Select(address => address.Split('@')[1]))],
        "azure" => [
            .. Differ("container of the database", Made("azurerm_cosmosdb_sql_container"), Components("collection")),
            .. Differ("container of objects", Made("azurerm_storage_container"), Components("containerName")),
            .. Differ("storage account", Made("azurerm_storage_account"), Settings("ECO2_STORAGE_ACCOUNT")),
            .. Differ("vault", Made("azurerm_key_vault"), Settings("ECO2_KEYVAULT")),
            .. Differ("vault's address", Made("azurerm_key_vault").Select(name => $"https://{name}.vault.azure.net"), [overlay.Of("SecretStore").Single().Spec["provider/azurekv/vaultUrl"].Text]),
            .. Differ("namespace of messages", Made("azurerm_servicebus_namespace"), Triggers("namespace")),
            .. Differ("mail identity", Made("azurerm_email_communication_service_domain"), Settings("ECO2_MAIL_FROM").Select(address => address.Split('@')[1]))],
        _ => [
            .. Differ("bucket", Made("google_storage_bucket"), Settings("ECO2_OBJECTS_BUCKET")),
            .. Differ("project", [Variables["project"]], [overlay.Of("SecretStore").Single().Spec["provider/gcpsm/projectID"].Text])],
    };

    private static IEnumerable<string> Differ(string what, IEnumerable<string> made, IEnumerable<string> named)
    {
        var (there, wanted) = (made.ToHashSet(StringComparer.Ordinal), named.ToHashSet(StringComparer.Ordinal));
        return [.. wanted.Except(there).Select(name => $"Terraform makes no {what} {name}"), .. there.Except(wanted).Select(name => $"nobody names the {what} {name}")];
    }

    private IEnumerable<string> Secrets() => overlay.Of("ExternalSecret").SelectMany(secret => secret.Spec["data"].Items).Select(data => data["remoteRef/key"].Text)
        .Concat(overlay.Of("Component").SelectMany(component => component.Spec["metadata"].Items).Select(setting => setting["secretKeyRef/name"].Text).Where(name => name != ""))
        // Names in capitals are variables of the targets that have their secrets in the environment.
        .Concat(overlay.Of("Configuration").SelectMany(configuration => configuration.Spec["secrets/scopes"].Items).SelectMany(scope => scope["allowedSecrets"].Items).Select(name => name.Text).Where(name => !name.Any(char.IsUpper)));

    private IEnumerable<string> Settings(params string[] names) => overlay.Apps[0].PodAnnotations["dapr.io/env"].Split(',').Select(pair => pair.Split('=', 2)).Where(pair => names.Contains(pair[0])).Select(pair => pair[1]);

    private IEnumerable<string> Components(string setting) => overlay.Of("Component").SelectMany(component => component.Spec["metadata"].Items).Where(item => item["name"].Text == setting).Select(item => item["value"].Text);

    private IEnumerable<string> Triggers(string name) => overlay.Of("ScaledObject").SelectMany(scaler => scaler.Spec["triggers"].Items).Select(trigger => trigger["metadata"].Member(name)).Where(value => value.IsThere).Select(value => value.Text);

    /// <summary>Where an app's messages wait, by the rules of each component; those of single sidecars are made by Dapr.</summary>
    private IEnumerable<string> Listened() => Places.Where(place => place.Component != "broadcast").Select(place => cloud.Name switch
    {
        "aws" => overlay.Find("Component", place.Component)!.Spec["metadata"].Items.Single(item => item["name"].Text == "consumerID")["value"].Text.Replace("{appID}", place.App, StringComparison.Ordinal),
        "azure" => $"{place.Topic}/{place.App}",
        _ => $"{place.App}-{place.Topic}",
    });

    private IEnumerable<string> Queues() => cloud.Name switch
    {
        "aws" => Made("aws_sqs_queue"),
        "azure" => Made("azurerm_servicebus_subscription", "${each.value.topic}/${each.value.app}"),
        _ => Made("google_pubsub_subscription"),
    };

    private IEnumerable<string> Identities() => cloud.Name switch
    {
        "aws" => Made("aws_iam_role"),
        "azure" => Made("azurerm_user_assigned_identity").Select(name => name["eco2-".Length..]),
        _ => Made("google_service_account"),
    };

    private IEnumerable<string> Accounts() => overlay.Of("ServiceAccount").Select(account => cloud.Name switch
    {
        "aws" => account.Annotations.GetValueOrDefault("eks.amazonaws.com/role-arn", account.Name).Split('/')[^1],
        // A client's id is given by Azure; an identity is bound to the account of its name.
        "azure" => account.Annotations.ContainsKey("azure.workload.identity/client-id") ? account.Name : $"{account.Name} without a client id",
        _ => account.Annotations.GetValueOrDefault("iam.gke.io/gcp-service-account", account.Name).Split('@')[0],
    }).Append(cloud.Name switch
    {
        "aws" => Keda["aws/irsa/roleArn"].Text.Split('/')[^1],
        "azure" => Keda["azureWorkload/clientId"].IsThere ? "keda" : "keda without a client id",
        _ => Keda["gcp/gcpIAMServiceAccount"].Text.Split('@')[0],
    });

    /// <summary>What KEDA's chart is told of its operator's identity.</summary>
    public Node Keda { get; } = Manifest.Read(Overlay.Render(Path.Combine(Checkout.Root, "deploy/argocd", cloud.Name))).Single(o => o is { Kind: "Application", Name: "keda" }).Spec["source/helm/valuesObject/podIdentity"];

    private IEnumerable<string> Environment() => Entry().Matches(cloud.Of("output").Single(block => block.Labels[0] == "environment").Attributes["value"])
        .Select(match => $"{match.Groups["name"].Value}={Value(match.Groups["value"].Value, null)}");

    /// <summary>The names of all resources of a type.</summary>
    private IEnumerable<string> Made(string type, string? name = null) => cloud.Resources(type).SelectMany(resource => Keys(resource)
        .Select(key => name is null ? Value(Name(resource), key) : Fill(name, key)));

    private static string Name(Block resource) => ((string[])["name", "bucket", "email_identity", "secret_id", "account_id"]).Select(attribute => resource.Attributes.GetValueOrDefault(attribute)).First(value => value is not null)!;

    private IEnumerable<Key?> Keys(Block resource)
    {
        if (resource.Attributes.TryGetValue("for_each", out var each))
        {
            return Keys(each);
        }

        return [null];
    }

    private IEnumerable<Key> Keys(string each) => each switch
    {
        "toset([\"state\", \"jobs\", \"workflow\"])" => Stores.Select(Same),
        "toset(module.names.accounts)" => Apps.Append("secrets-reader").Select(Same),
        "toset(module.names.topics)" => Places.Select(place => Same(place.Topic)).Distinct(),
        "toset(module.names.every_secret)" => Secrets().Distinct().Select(Same),
        "setsubtract(module.names.every_secret, values(module.names.databases)[*].secret)" => Secrets().Where(name => !name.StartsWith("eco2-postgres", StringComparison.Ordinal)).Distinct().Select(Same),
        "module.names.databases" => Secrets().Where(name => name.StartsWith("eco2-postgres", StringComparison.Ordinal)).Select(name => new Key(name, name)),
        "local.topics" => Places.Select(place => new Key(place.Topic, NoTopic().Replace(place.Topic, ""))).Distinct(),
        "local.queues" => Places.Where(place => place.Component != "broadcast").Select(place => Same(place.App + QueueSuffix(place.Component))).Distinct(),
        "local.subscriptions" => Places.Where(place => place.Component != "broadcast").Select(place => new Key(cloud.Name == "azure" ? $"{place.Topic}/{place.App}" : $"{place.App}-{place.Topic}", "", place)),
        var other => throw new InvalidOperationException($"What is in {other}?"),
    };

    private static Key Same(string name) => new(name, name);

    /// <summary>As <c>local.queue_of</c> says.</summary>
    private string QueueSuffix(string component) => Regex.Match(cloud.Of("locals").Single(block => block.Attributes.ContainsKey("queue_of")).Attributes["queue_of"], $@"\b{Regex.Escape(component)} = ""(?<suffix>[^""]*)""").Groups["suffix"].Value;

    private string Value(string expression, Key? key) => expression switch
    {
        ['"', .. var text, '"'] => Fill(text, key),
        "each.key" => key!.Name,
        "each.value" => key!.Value,
        "each.value.secret" => key!.Value,
        "each.value.app" => key!.Place!.App,
        "each.value.topic" => key!.Place!.Topic,
        "var.smtp_user" => cloud.Name == "azure" ? "eco2-mail" : "eco2",
        "data.aws_caller_identity.this.account_id" => Account,
        _ when expression.StartsWith("var.", StringComparison.Ordinal) => Variables[expression[4..]],
        _ when Reference().Match(expression) is { Success: true } match => Of(match),
        _ => throw new InvalidOperationException($"What is {expression}?"),
    };

    private string Fill(string text, Key? key) => Template().Replace(text, match => Value(match.Groups["inner"].Value, key));

    private string Of(Match reference)
    {
        var resource = cloud.Resources(reference.Groups["type"].Value).Single(block => block.Labels[1] == reference.Groups["name"].Value);
        var name = Value(Name(resource), reference.Groups["key"].Success ? Same(reference.Groups["key"].Value) : null);
        // What Azure makes of the account's name.
        return reference.Groups["attribute"].Value == "endpoint" ? $"https://{name}.documents.azure.com:443/" : name;
    }

    [GeneratedRegex(@"[^A-Za-z0-9_-]")]
    private static partial Regex NoTopic();

    [GeneratedRegex(@"^\s*(?<name>[A-Z0-9_]+)\s*=\s*(?<value>.+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^(?<type>[a-z]\w*)\.(?<name>\w+)(\[""(?<key>\w+)""\])?\.(?<attribute>\w+)$")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\$\{(?<inner>[^{}]+)\}")]
    private static partial Regex Template();
}
