using Eco2.Deploy.Tests.Kubernetes;
using Xunit;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>Terraform makes what overlay and components name, under that very name, and nothing that nobody names.</summary>
public sealed class CloudNamesTests
{
    public static TheoryData<string> Clouds => [.. Cloud.Names];

    [Theory]
    [MemberData(nameof(Clouds))]
    public void What_is_named_is_made_and_what_is_made_is_named(string cloud) => Assert.Empty(new CloudNames(Cloud.Load(cloud), Overlay.Load(cloud)).Complaints());

    [Theory]
    [InlineData("aws", "state.tf", "name         = \"eco2-${each.key}\"", "name         = \"eco2-test-${each.key}\"", "Terraform makes no table eco2-state")]
    [InlineData("aws", "main.tf", "job-events = \"-job-events\"", "job-events = \"-events\"", "Terraform makes no queue event-router-job-events")]
    [InlineData("aws", "messages.tf", "name              = each.value", "name              = each.key", "nobody names the topic scan.requested")]
    [InlineData("aws", "roles.tf", "name               = \"eco2-${each.key}\"", "name               = each.key", "Terraform makes no identity eco2-gateway")]
    [InlineData("aws", "keda.tf", "\"eco2-keda\"", "\"keda\"", "Terraform makes no identity eco2-keda")]
    [InlineData("azure", "keda.tf", "name                = \"eco2-keda\"", "name                = \"eco2-scaler\"", "Terraform makes no identity keda")]
    [InlineData("gcp", "keda.tf", "account_id   = \"eco2-keda\"", "account_id   = \"eco2-scaler\"", "nobody names the identity eco2-scaler")]
    [InlineData("aws", "outputs.tf", "no-reply@", "eco2@", "nobody names the setting of a sidecar ECO2_MAIL_FROM=eco2@eco2.example.com")]
    [InlineData("azure", "main.tf", "name                       = \"eco2-${var.suffix}\"", "name                       = \"eco2\"", "Terraform makes no vault eco2-example")]
    [InlineData("azure", "objects.tf", "name               = \"objects\"", "name               = \"pictures\"", "Terraform makes no container of objects objects")]
    [InlineData("azure", "mail.tf", "name              = var.mail_domain", "name              = \"mail.${var.mail_domain}\"", "nobody names the mail identity mail.eco2.example.com")]
    [InlineData("gcp", "messages.tf", "name                       = each.key", "name                       = each.value.app", "Terraform makes no queue worker-scan.requested")]
    [InlineData("gcp", "secrets.tf", "secret_id  = each.key", "secret_id  = \"x-${each.key}\"", "Terraform makes no secret state-postgres")]
    public void Another_name_in_Terraform_is_found(string cloud, string file, string from, string to, string complaint) =>
        Assert.Contains(complaint, new CloudNames(Cloud.Load(cloud, file, from, to), Overlay.Load(cloud)).Complaints());

    [Theory]
    [InlineData("aws", "ECO2_JOBS_TABLE=eco2-jobs", "ECO2_JOBS_TABLE=jobs", "Terraform makes no table jobs")]
    [InlineData("aws", "role/eco2-worker", "role/worker", "Terraform makes no identity worker")]
    [InlineData("azure", "vaultUrl: https://eco2-example", "vaultUrl: https://eco2", "Terraform makes no vault's address https://eco2.vault.azure.net")]
    [InlineData("gcp", "eco2-secrets-reader@", "secrets-reader@", "nobody names the identity eco2-secrets-reader")]
    public void Another_name_in_an_overlay_is_found(string cloud, string from, string to, string complaint) =>
        Assert.Contains(complaint, new CloudNames(Cloud.Load(cloud), Overlay.Altered(cloud, from, to)).Complaints());
}
