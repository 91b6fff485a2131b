using System.Text.RegularExpressions;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>What is wrong with a cloud.</summary>
internal static partial class CloudRules
{
    // What the issue of a deployment wants of every cloud: resources of a type, and what one of them must say.
    private static readonly Dictionary<string, (string What, string Type, string Says)[]> Wanted = new()
    {
        ["aws"] =
        [
            ("tables with TTL", "aws_dynamodb_table", "attribute_name = \"expiresAt\""),
            ("tables by key", "aws_dynamodb_table", "hash_key = \"key\""),
            ("tables under our key", "aws_dynamodb_table", "kms_key_arn = aws_kms_key.eco2.arn"),
            ("topics under our key", "aws_sns_topic", "kms_master_key_id = aws_kms_key.eco2.arn"),
            ("topics that Dapr knows", "aws_sns_topic", "dapr-topic-name = each.key"),
            ("queues under our key", "aws_sqs_queue", "kms_master_key_id = aws_kms_key.eco2.arn"),
            ("pictures under our key", "aws_s3_bucket_server_side_encryption_configuration", "sse_algorithm = \"aws:kms\""),
            ("a week for the coach", "aws_s3_bucket_lifecycle_configuration", "days = 7"),
            ("a bucket that is nobody's", "aws_s3_bucket_public_access_block", "restrict_public_buckets = true"),
            ("a sender", "aws_sesv2_email_identity", "email_identity = var.mail_domain"),
            ("secrets under our key", "aws_secretsmanager_secret", "kms_key_id = aws_kms_key.eco2.arn"),
            ("a role for each account", "aws_iam_role", "for_each = toset(module.names.accounts)"),
            ("a role for one account", "aws_iam_role", "assume_role_policy = data.aws_iam_policy_document.trust[each.key].json"),
            ("a database under our key", "aws_db_instance", "kms_key_id = aws_kms_key.eco2.arn"),
            ("a database that is encrypted", "aws_db_instance", "storage_encrypted = true"),
            ("a database that nobody outside reaches", "aws_db_instance", "publicly_accessible = false"),
            ("a database of any minute", "aws_db_instance", "backup_retention_period = 14"),
            ("a database that stays", "aws_db_instance", "deletion_protection = true"),
            ("logins where External Secrets look", "aws_secretsmanager_secret_version", "secret_id = aws_secretsmanager_secret.secret[each.value.secret].id"),
            ("a key that turns", "aws_kms_key", "enable_key_rotation = true"),
            ("an alarm for money", "aws_budgets_budget", "subscriber_email_addresses = [var.alarm_address]"),
        ],
        ["azure"] =
        [
            ("containers by partition", "azurerm_cosmosdb_sql_container", "partition_key_paths = [\"/partitionKey\"]"),
            ("containers with TTL", "azurerm_cosmosdb_sql_container", "default_ttl = -1"),
            ("topics", "azurerm_servicebus_topic", "for_each = toset(module.names.topics)"),
            ("letters tried 2,000 times", "azurerm_servicebus_subscription", "max_delivery_count = each.value.component == \"dead-letters\" ? 2000"),
            ("no keys for messages", "azurerm_servicebus_namespace", "local_auth_enabled = false"),
            ("no keys for pictures", "azurerm_storage_account", "shared_access_key_enabled = false"),
            ("pictures under our key", "azurerm_storage_account_customer_managed_key", "key_name = azurerm_key_vault_key.objects.name"),
            ("a week for the coach", "azurerm_storage_management_policy", "delete_after_days_since_creation_greater_than = 7"),
            ("a sender", "azurerm_email_communication_service_domain", "name = var.mail_domain"),
            ("a vault that keeps", "azurerm_key_vault", "purge_protection_enabled = true"),
            ("an identity for each account", "azurerm_user_assigned_identity", "for_each = toset(module.names.accounts)"),
            ("a database that nobody outside reaches", "azurerm_postgresql_flexible_server", "public_network_access_enabled = false"),
            ("a database of any minute", "azurerm_postgresql_flexible_server", "backup_retention_days = 14"),
            ("a database that stays", "azurerm_management_lock", "scope = azurerm_postgresql_flexible_server.eco2.id"),
            ("logins where External Secrets look", "azurerm_key_vault_secret", "name = each.value.secret"),
            ("an alarm for money", "azurerm_consumption_budget_resource_group", "contact_emails = [var.alarm_address]"),
        ],
        ["gcp"] =
        [
            ("a database under our key", "google_sql_database_instance", "encryption_key_name = google_kms_crypto_key.eco2.id"),
            ("topics under our key", "google_pubsub_topic", "kms_key_name = google_kms_crypto_key.eco2.id"),
            ("subscriptions that stay", "google_pubsub_subscription", "ttl = \"\""),
            ("pictures under our key", "google_storage_bucket", "default_kms_key_name = google_kms_crypto_key.eco2.id"),
            ("a week for the coach", "google_storage_bucket", "age = 7"),
            ("a bucket that is nobody's", "google_storage_bucket", "public_access_prevention = \"enforced\""),
            ("a database that nobody outside reaches", "google_sql_database_instance", "ipv4_enabled = false"),
            ("a database of any minute", "google_sql_database_instance", "point_in_time_recovery_enabled = true"),
            ("a database that stays", "google_sql_database_instance", "deletion_protection = true"),
            ("logins where External Secrets look", "google_secret_manager_secret_version", "secret = google_secret_manager_secret.secret[each.value.secret].id"),
            ("secrets", "google_secret_manager_secret", "for_each = toset(module.names.every_secret)"),
            ("an account for each account of the cluster", "google_service_account", "for_each = toset(module.names.accounts)"),
            ("a key that turns", "google_kms_crypto_key", "rotation_period = \"7776000s\""),
            ("an alarm for money", "google_billing_budget", "threshold_percent = 0.8"),
        ],
    };

    public static IEnumerable<string> Complaints(Cloud cloud) =>
        [.. References(cloud), .. Documented(cloud), .. Environment(cloud), .. Secrets(cloud), .. Rights(cloud), .. Missing(cloud)];

    private static IEnumerable<string> References(Cloud cloud)
    {
        var there = cloud.Of("resource").Select(b => $"{b.Labels[0]}.{b.Labels[1]}")
            .Concat(cloud.Of("data").Select(b => $"data.{b.Labels[0]}.{b.Labels[1]}"))
            .Concat(cloud.Of("ephemeral").Select(b => $"ephemeral.{b.Labels[0]}.{b.Labels[1]}"))
            .Concat(cloud.Of("variable").Select(b => $"var.{b.Labels[0]}"))
            .Concat(cloud.Of("module").Select(b => $"module.{b.Labels[0]}"))
            .Concat(cloud.Of("locals").SelectMany(b => b.Attributes.Keys).Select(name => $"local.{name}"))
            .ToList();
        foreach (var twice in there.GroupBy(name => name).Where(group => group.Count() > 1))
        {
            yield return $"{twice.Key} is there twice";
        }

        var text = string.Join('\n', cloud.Blocks.Where(b => b.Type != "terraform").Select(b => b.Text));
        var used = Reference().Matches(text).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var unknown in used.Where(name => !there.Contains(name)))
        {
            yield return $"there is no {unknown}";
        }

        foreach (var idle in there.Where(name => name.StartsWith("var.", StringComparison.Ordinal) || name.StartsWith("local.", StringComparison.Ordinal) || name.StartsWith("data.", StringComparison.Ordinal)).Where(name => !used.Contains(name)))
        {
            yield return $"nothing uses {idle}";
        }

        var outputs = Hcl.Parse(File.ReadAllText(Path.Combine(Cloud.Folder, "names", "main.tf"))).Blocks.Where(b => b.Type == "output").Select(b => b.Labels[0]).ToList();
        foreach (var unknown in ModuleOutput().Matches(text).Select(match => match.Groups[1].Value).Except(outputs))
        {
            yield return $"the module names has no {unknown}";
        }
    }

    private static IEnumerable<string> Documented(Cloud cloud) =>
        cloud.Of("variable").Concat(cloud.Of("output")).Where(b => !b.Attributes.ContainsKey("description") || (b.Type == "variable" && !b.Attributes.ContainsKey("type")))
            .Select(b => $"{b.Type} {b.Labels[0]} is not described");

    private static IEnumerable<string> Environment(Cloud cloud)
    {
        var given = EnvironmentName().Matches(cloud.Of("output").Single(b => b.Labels[0] == "environment").Attributes["value"]).Select(match => match.Groups[1].Value).ToList();
        return [.. cloud.Wanted.Except(given).Select(name => $"components/{cloud.Name} reads {name}, which the output environment does not have"),
            .. given.Except(cloud.Wanted).Select(name => $"nothing in components/{cloud.Name} reads {name}")];
    }

    /// <summary>Neither in the files nor, by an attribute that is not write-only, in the state.</summary>
    private static IEnumerable<string> Secrets(Cloud cloud) => cloud.Texts.Where(pair => Secret().IsMatch(pair.Value)).Select(pair => $"{pair.Key} holds a secret")
        .Concat(cloud.Of("resource").SelectMany(b => b.All).SelectMany(b => b.Attributes).Where(pair => pair.Value.Contains("ephemeral.", StringComparison.Ordinal) && !pair.Key.EndsWith("_wo", StringComparison.Ordinal)).Select(pair => $"{pair.Key} leaves a secret in the state"));

    /// <summary>Nobody may everything, and nothing is given for everything but by the key's own policy or to keep people out.</summary>
    private static IEnumerable<string> Rights(Cloud cloud) => cloud.Of("data").Where(b => b.Labels[0] == "aws_iam_policy_document" && b.Labels[1] != "key").SelectMany(document => document.All
            .Where(b => b.Type is "statement" or "content" && b.Attributes.GetValueOrDefault("effect") != "\"Deny\"" && (b.Text.Contains("resources = [\"*\"]", StringComparison.Ordinal) || AnyAction().IsMatch(b.Attributes.GetValueOrDefault("actions", ""))))
            .Select(_ => $"the policy {document.Labels[1]} allows too much"))
        .Concat(cloud.Of("resource").Where(b => BroadRole().IsMatch(b.Text)).Select(b => $"{b.Labels[1]} gives a role that is too broad"));

    private static IEnumerable<string> Missing(Cloud cloud) =>
        Wanted[cloud.Name].Where(wanted => !cloud.Resources(wanted.Type).Any(b => Says(b, wanted.Says))).Select(wanted => $"there is no {wanted.Type} for: {wanted.What}");

    private static bool Says(Block block, string what) => Regex.IsMatch(Spaces().Replace(block.Text, " "), Regex.Escape(what) + @"(?!\w)");

    [GeneratedRegex(@"(?<![\w.""/-])(?:data\.[a-z]\w*\.\w+|ephemeral\.\w+\.\w+|(?:aws|azurerm|google)_\w+\.\w+|var\.\w+|local\.\w+|module\.\w+)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"module\.names\.(\w+)")]
    private static partial Regex ModuleOutput();

    [GeneratedRegex(@"^\s*([A-Z][A-Z0-9_]+)\s*=", RegexOptions.Multiline)]
    private static partial Regex EnvironmentName();

    [GeneratedRegex(@"AKIA[0-9A-Z]{16}|AccountKey=|-----BEGIN|(?:password|secret_string|secret_data|secret_key)\s*=\s*""[^""$]+""", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();

    [GeneratedRegex(@"""(?:\*|\w+:\*)""")]
    private static partial Regex AnyAction();

    [GeneratedRegex(@"roles/(?:owner|editor)|roles/[a-z]+\.admin|""(?:Owner|Contributor)""|AdministratorAccess|PowerUser")]
    private static partial Regex BroadRole();

    [GeneratedRegex(@"[ \t\n]+")]
    private static partial Regex Spaces();
}
