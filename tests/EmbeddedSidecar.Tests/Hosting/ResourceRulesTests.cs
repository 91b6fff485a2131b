using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Resources;
using Xunit;

namespace EmbeddedSidecar.Tests.Hosting;

/// <summary>Which files and documents count, and what becomes of the values in them.</summary>
public sealed class ResourceRulesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rules").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_of_both_suffixes_count_with_all_their_documents_but_no_folders_below_and_no_other_kinds()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "below"));
        Write("one.yaml", Component("a") + Component("b") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n");
        Write("two.yml", Component("d"));
        Write("three.txt", Component("e"));
        Write("below/four.yaml", Component("f"));

        Assert.Equal(["a", "b", "d"], Names(new ResourceReader("app", null)));
    }

    [Fact]
    public void A_name_may_come_once_for_each_app()
    {
        Write("one.yaml", Component("a") + Component("a") + "scopes: [other]\n");
        Assert.Equal(["a"], Names(new ResourceReader("app", null)));

        Write("two.yaml", Component("a"));
        var refused = Assert.Throws<SidecarConfigurationException>(() => Names(new ResourceReader("app", null)));

        Assert.Contains("a Component named \"a\" is already defined for app \"app\"", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "a b c")]
    [InlineData("mine", "a b")]
    public void Resources_of_another_namespace_are_skipped_where_there_is_one(string? ours, string expected)
    {
        Write("one.yaml", Component("a") + Component("b, namespace: mine") + Component("c, namespace: theirs"));

        Assert.Equal(expected, string.Join(' ', Names(new ResourceReader("app", ours))));
    }

    [Theory]
    [InlineData("APP_API_TOKEN")]
    [InlineData("DAPR_API_TOKEN")]
    [InlineData("A B")]
    public void A_variable_that_is_not_for_components_is_refused(string variable)
    {
        Write("one.yaml", Component("a", $"{{ name: x, envRef: \"{variable}\" }}"));

        var refused = Assert.Throws<SidecarConfigurationException>(() => Names(new ResourceReader("app", null)));

        Assert.Contains($"may not name {variable}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_are_texts_and_the_key_of_a_secret_is_its_name_unless_said()
    {
        Write("one.yaml", Component("a", "{ name: n, value: 5 }, { name: f, value: true }, { name: s, secretKeyRef: { name: whole } }, { name: t, secretKeyRef: { name: whole, key: part } }"));
        var reader = new ResourceReader("app", null);
        reader.Folder(_folder);

        var entries = reader.Result().Components.Single().Metadata;

        Assert.Equal(["5", "true"], entries.Take(2).Select(entry => entry.Value));
        Assert.Equal([("whole", "whole"), ("whole", "part")], entries.Skip(2).Select(entry => (entry.SecretName!, entry.SecretKey!)));
    }

    [Fact]
    public void Variables_are_put_into_configurations_and_not_into_components()
    {
        Environment.SetEnvironmentVariable("RESOURCE_RULES_ACCESS", "deny");
        Write("one.yaml", Component("a", "{ name: x, value: \"${RESOURCE_RULES_ACCESS}\" }"));
        Write("config", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { secrets: { scopes: [{ storeName: s, defaultAccess: $RESOURCE_RULES_ACCESS }, { storeName: t, defaultAccess: \"${RESOURCE_RULES_ACCESS}\" }] } }\n");
        var reader = new ResourceReader("app", null);
        reader.Folder(_folder);
        reader.ConfigurationFile(Path.Combine(_folder, "config"));

        Assert.All(reader.Result().Configuration.SecretScopes, scope => Assert.True(scope.DenyByDefault));
        Assert.Equal("${RESOURCE_RULES_ACCESS}", reader.Result().Components.Single().Metadata.Single().Value);
    }

    [Fact]
    public void A_configuration_among_the_resources_counts_only_where_it_is_named_as_the_configuration()
    {
        Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { features: [{ name: ActorStateTTL, enabled: true }] }\n");
        var without = new ResourceReader("app", null);
        without.Folder(_folder);
        var with = new ResourceReader("app", null);
        with.Folder(_folder);
        with.ConfigurationFile(Path.Combine(_folder, "config.yaml"));

        Assert.False(without.Result().Configuration.ActorStateTtl);
        Assert.True(with.Result().Configuration.ActorStateTtl);
    }

    [Fact]
    public async Task The_name_of_the_pod_comes_from_the_environment_or_the_component_does_not_start()
    {
        var resources = SidecarFixture.Component("files", "bindings.localstorage", $"rootPath: {_folder}/{{podName}}");

        await using (await SidecarFixture.StartAsync(resources, new AppSettings { AppId = "app", Environment = new Dictionary<string, string> { ["POD_NAME"] = "pod-7" } }))
        {
        }

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarFixture.StartAsync(resources, new AppSettings { AppId = "app" }));

        Assert.True(Directory.Exists(Path.Combine(_folder, "pod-7")));
        Assert.Contains("POD_NAME is not set", refused.Message, StringComparison.Ordinal);
    }

    private static string Component(string name, string metadata = "") =>
        $"---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec: {{ type: state.in-memory, version: v1, metadata: [{metadata}] }}\n";

    private IEnumerable<string> Names(ResourceReader reader)
    {
        reader.Folder(_folder);
        return reader.Result().Components.Select(component => component.Name);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
