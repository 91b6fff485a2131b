using System.Text.Json;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>The cloud's side as code, as far as it can be judged without the clouds.</summary>
public sealed class TerraformTests
{
    public static TheoryData<string> Clouds => [.. Cloud.Names];

    public static TheoryData<string> Files => [.. Directory.GetFiles(Cloud.Folder, "*.tf", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Cloud.Folder, path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Clouds))]
    public void A_cloud_has_what_its_components_want_and_gives_no_more_rights_than_needed(string cloud) => Assert.Empty(CloudRules.Complaints(Cloud.Load(cloud)));

    [Theory]
    [InlineData("aws", "state.tf", "\"expiresAt\"", "\"expires\"", "tables with TTL")]
    [InlineData("aws", "objects.tf", "days = 7", "days = 70", "a week for the coach")]
    [InlineData("aws", "outputs.tf", "ECO2_JOBS_TABLE ", "ECO2_JOB_TABLE ", "reads ECO2_JOBS_TABLE, which")]
    [InlineData("aws", "roles.tf", "[\"${aws_s3_bucket.objects.arn}/*\"]", "[\"*\"]", "the policy app allows too much")]
    [InlineData("aws", "roles.tf", "[\"ses:SendEmail\"]", "[\"ses:*\"]", "the policy app allows too much")]
    [InlineData("aws", "mail.tf", "var.mail_domain", "var.mail", "there is no var.mail")]
    [InlineData("aws", "variables.tf", "description = \"AWS region.\"", "nullable = false", "variable region is not described")]
    [InlineData("azure", "roles.tf", "\"Storage Blob Data Contributor\"", "\"Contributor\"", "a role that is too broad")]
    [InlineData("azure", "objects.tf", "azurerm_key_vault_key.objects.name", "azurerm_key_vault_key.pictures.name", "there is no azurerm_key_vault_key.pictures")]
    [InlineData("azure", "messages.tf", "? 2000", "? 10", "letters tried 2,000 times")]
    [InlineData("gcp", "roles.tf", "roles/storage.objectUser", "roles/storage.admin", "a role that is too broad")]
    [InlineData("gcp", "roles.tf", "module.names.secrets :", "module.names.secret :", "the module names has no secret")]
    [InlineData("aws", "database.tf", "deletion_protection       = true", "deletion_protection       = false", "a database that stays")]
    [InlineData("aws", "database.tf", "password_wo         =", "password            =", "password leaves a secret in the state")]
    [InlineData("azure", "database.tf", "ephemeral.random_password.database[\"owner\"]", "ephemeral.random_password.postgres[\"owner\"]", "there is no ephemeral.random_password.postgres")]
    [InlineData("gcp", "database.tf", "ipv4_enabled    = false", "ipv4_enabled    = true", "a database that nobody outside reaches")]
    [InlineData("gcp", "variables.tf", "variable \"mail_from\"", "variable \"mail_sender\"", "there is no var.mail_from")]
    [InlineData("gcp", "objects.tf", "name                        =", "secret_key = \"swordfish\"\n  name =", "objects.tf holds a secret")]
    public void A_mistake_is_found(string cloud, string file, string from, string to, string complaint) =>
        Assert.Contains(CloudRules.Complaints(Cloud.Load(cloud, file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("a = [1, 2", "a bracket is open")]
    [InlineData("a = (1]", "] closes what it did not open")]
    [InlineData("a = \"${b}", "a text does not end")]
    [InlineData("b {\n  a = 1\n", "a name is wanted")]
    [InlineData("a = 1\na = 2", "a is set twice")]
    [InlineData("a =\nb = 2", "a has no value")]
    public void What_is_not_well_formed_is_refused(string text, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<FormatException>(() => Hcl.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_is_well_formed_is_read()
    {
        var block = Assert.Single(Hcl.Parse("# c\nresource \"a\" \"b\" {\n  x = { y = \"${z[\"}\"]}\" } # d\n  inner { n = 1 }\n}\n").Blocks);

        Assert.Equal(["a", "b"], block.Labels);
        Assert.Equal("{ y = \"${z[\"}\"]}\" }", block.Attributes["x"]);
        Assert.Equal("1", block.Find("inner")!.Attributes["n"]);
    }

    /// <summary>As <c>terraform fmt</c> leaves it, as far as that shows without it.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_formatted(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(Cloud.Folder, file));
        var depth = 0;
        foreach (var (line, number) in lines.Select((line, index) => (line, index + 1)))
        {
            var bare = line.Trim();
            var code = bare.StartsWith('#') ? "" : bare;
            // Lines that begin by closing stand where the line that opened stands.
            var closes = code.TakeWhile(c => c is '}' or ']' or ')').Any() ? 1 : 0;
            Assert.True(bare == "" ? line == "" : line == new string(' ', 2 * (depth - closes)) + bare, $"{file}, line {number}: {line}");
            depth += Math.Sign(code.Count(c => c is '{' or '[' or '(') - code.Count(c => c is '}' or ']' or ')'));
        }

        Assert.Equal(0, depth);
    }

    /// <summary>Where Terraform is installed it says itself what it thinks of the form, and works out the names.</summary>
    [Fact]
    public async Task Terraform_itself_agrees_where_it_is_installed()
    {
        if (!IsInstalled)
        {
            return;
        }

        var (exit, output) = await EcoRun.RunAsync("terraform", $"-chdir={Cloud.Folder}", "fmt", "-check", "-recursive");
        Assert.True(exit == 0, $"Not formatted: {output}");
        var (valid, said) = await EcoRun.RunAsync("terraform", $"-chdir={Names}", "validate", "-no-color");
        Assert.True(valid == 0, said);
    }

    /// <summary>The module that all three clouds take their names from, against what <see cref="CloudNames"/> reads by itself.</summary>
    [Theory]
    [MemberData(nameof(Clouds))]
    public async Task Terraform_hands_out_the_names_where_it_is_installed(string cloud)
    {
        if (!IsInstalled)
        {
            return;
        }

        const string Asked = "jsonencode([concat(keys(local.secrets), local.platform), distinct(local.subscriptions[*].topic), concat(local.apps, [\"secrets-reader\"]), keys(local.databases), [for one in local.scaled : join(\"/\", values(one))]])";
        var (exit, said) = await EcoRun.RunAsync("sh", "-c", "printf '%s' \"$0\" | terraform -chdir=\"$1\" console -no-color -var target=\"$2\" 2>/dev/null", Asked, Names, cloud);
        Assert.True(exit == 0, said);

        var given = JsonSerializer.Deserialize<string[][]>(JsonSerializer.Deserialize<string>(said.Trim())!)!;
        var wanted = new CloudNames(Cloud.Load(cloud), Overlay.Load(cloud)).HandedOut;
        Assert.Equal(wanted.Secrets.Order(StringComparer.Ordinal), given[0].Order(StringComparer.Ordinal));
        Assert.Equal(wanted.Topics.Order(StringComparer.Ordinal), given[1].Order(StringComparer.Ordinal));
        Assert.Equal(wanted.Accounts.Order(StringComparer.Ordinal), given[2].Order(StringComparer.Ordinal));
        Assert.Equal(["auth", "character", "image", "my", "scan"], given[3].Order(StringComparer.Ordinal));
        Assert.Equal(KedaTests.Counted(Overlay.Load(cloud)).Order(StringComparer.Ordinal), given[4].Order(StringComparer.Ordinal));
    }

    private static string Names => Path.Combine(Cloud.Folder, "names");

    private static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "terraform")));
}
