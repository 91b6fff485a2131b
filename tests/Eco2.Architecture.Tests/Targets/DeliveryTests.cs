using Xunit;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>Whichever broker it is: every message has its taker, no consumer loses one it still tries, and dead letters are kept.</summary>
public sealed class DeliveryTests
{
    public static TheoryData<string> Targets => [.. Target.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Messages_reach_their_takers_or_the_keeper_of_dead_letters(string target) =>
        Assert.Empty(DeliveryRules.Complaints(Target.Load(target)));

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_same_apps_hear_the_same_topics_in_every_target(string target) =>
        Assert.Equal(
            Target.Load(Target.Model).Subscriptions.Select(s => s.Sense).Order(StringComparer.Ordinal),
            Target.Load(target).Subscriptions.Select(s => s.Sense).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("redis", "subscriptions.yaml", "deadLetterTopic: job.cancel.dead", "deadLetterTopic: job.dead", "they should go to job.cancel.dead")]
    [InlineData("redis", "subscriptions.yaml", "topic: job.cancel.dead", "topic: job.none.dead", "job.cancel.dead has no keeper")]
    [InlineData("redis", "subscriptions.yaml", "rawPayload: \"true\"", "rawPayload: \"false\"", "the bytes as they are")]
    [InlineData("redis", "subscriptions.yaml", "pubsubname: dead-letters", "pubsubname: pubsub", "come by dead-letters")]
    [InlineData("redis", "subscriptions.yaml", "pubsubname: job-events", "pubsubname: state", "which is no pub/sub")]
    [InlineData("redis", "resiliency.yaml", "duration: 5s, maxRetries: -1", "duration: 5s, maxRetries: 10", "must be tried for ever")]
    [InlineData("redis", "resiliency.yaml", "maxRetries: 12", "maxRetries: 14", "need a longer processingTimeout")]
    [InlineData("redis", "resiliency.yaml", "      job-events:", "      job-event:", "does not speak of job-events")]
    [InlineData("redis", "resiliency.yaml", "inbound: { retry: deliver,", "inbound: { retry: delivers,", "what it does not define")]
    [InlineData("redis", "broadcast.yaml", "{uuid}", "everybody", "consumer of its own")]
    [InlineData("aws", "pubsub.yaml", "\"300\"", "\"200\"", "need a longer messageVisibilityTimeout")]
    [InlineData("aws", "pubsub.yaml", "{appID}-job-events", "{appID}", "out of one queue")]
    [InlineData("aws", "subscriptions.yaml", "topic: job.waiting", "topic: job.event.s", "are one topic to SNS")]
    [InlineData("azure", "dead-letters.yaml", "\"300\"", "\"240\"", "need a longer handlerTimeoutInSec")]
    [InlineData("gcp", "broadcast.yaml", "broadcast-{uuid}", "{uuid}", "begins with a letter")]
    public void A_mistake_is_found(string target, string file, string from, string to, string complaint) =>
        Assert.Contains(DeliveryRules.Complaints(Target.Altered(target, file, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));
}
