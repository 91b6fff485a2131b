using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>Every file of every target says only what Dapr understands, and no secret.</summary>
public sealed class ComponentsTests
{
    public static TheoryData<string> Targets => [.. Target.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_component_says_what_its_type_understands_and_no_secret(string target) =>
        Assert.Empty(ComponentRules.Complaints(Target.Load(target)));

    [Theory]
    [InlineData("redis", "state.yaml", "redisHost", "redisHosts", "does not know redisHosts")]
    [InlineData("redis", "state.yaml", "redisHost", "redisHosts", "redisHost is missing")]
    [InlineData("redis", "broadcast.yaml", "consumerID", "consumerId", "does not know consumerId")]
    [InlineData("redis", "pubsub.yaml", "value: \"15000\"", "value: 15s", "redeliverInterval is 15s")]
    [InlineData("rabbitmq", "broadcast.yaml", "prefetchCount", "concurrency", "does not know concurrency")]
    [InlineData("redis", "state.yaml", "state.redis", "state.mainframe", "not in component-types.yaml")]
    [InlineData("redis", "state.yaml", "envRef: ECO2_REDIS_PASSWORD", "value: swordfish", "redisPassword stands in clear")]
    [InlineData("redis", "state.yaml", "envRef: ECO2_REDIS_HOST", "envRef: DAPR_API_TOKEN", "gives no component DAPR_API_TOKEN")]
    [InlineData("redis", "state.yaml", "envRef: ECO2_REDIS_HOST", "value: a, envRef: B", "wants one of")]
    [InlineData("redis", "jobs.yaml", "name: jobs", "name: state", "state is there twice")]
    [InlineData("aws", "objects.yaml", "envRef: ECO2_OBJECTS_BUCKET", "value: AKIAIOSFODNN7EXAMPLE", "bucket stands in clear")]
    [InlineData("azure", "state.yaml", "name: url, envRef: ECO2_COSMOS_URL", "name: masterKey, value: abc", "masterKey stands in clear")]
    [InlineData("azure", "mail.yaml", "secretStore: secrets", "secretStore: state", "auth.secretStore names no secret store")]
    [InlineData("gcp", "state.yaml", "version: v2", "version: v1", "version v2")]
    [InlineData("gcp", "workflow.yaml", "state.postgresql", "state.gcp.firestore", "cannot hold workflows")]
    public void A_mistake_is_found(string target, string file, string from, string to, string complaint) =>
        Assert.Contains(ComponentRules.Complaints(Target.Altered(target, file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    /// <summary>Who runs a target must give it these.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void What_a_target_wants_from_outside_is_documented(string target)
    {
        var docs = File.ReadAllText(Path.Combine(Checkout.Root, "docs/targets.md"));
        var wanted = Target.Load(target).Components.SelectMany(c => c.Spec.Metadata).Select(s => s.EnvRef ?? s.SecretKeyRef?.Name).OfType<string>().Distinct(StringComparer.Ordinal);

        Assert.DoesNotContain(wanted, name => !docs.Contains($"`{name}`", StringComparison.Ordinal));
    }
}
