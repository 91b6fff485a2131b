using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>Names that live in code and in YAML are the same names.</summary>
public sealed partial class TopicsTests
{
    private static readonly string Root = Checkout.Root;

    [Fact]
    public void Every_subscription_names_a_topic_that_a_contract_declares()
    {
        var declared = Directory.GetFiles(Path.Combine(Root, "contracts"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => TopicConstant().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .ToHashSet(StringComparer.Ordinal);
        var subscribed = Directory.GetFiles(Path.Combine(Root, "components"), "subscriptions.yaml", SearchOption.AllDirectories)
            .SelectMany(file => TopicLine().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            // The name of a topic's dead letters is made from its own.
            .Where(topic => !topic.EndsWith(".dead", StringComparison.Ordinal) || declared.Contains(topic))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Equal(declared.Order(StringComparer.Ordinal), subscribed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_subscription_of_the_shared_pubsub_has_a_dead_letter_topic() =>
        Assert.All(
            Subscriptions().Where(document => SharedPubSub().IsMatch(document)),
            document => Assert.Equal(TopicLine().Match(document).Groups[1].Value + ".dead", DeadLetterLine().Match(document).Groups[1].Value));

    [Fact]
    public void Every_dead_letter_topic_has_its_keeper_who_gets_the_bytes_as_they_are()
    {
        var topics = Subscriptions().SelectMany(document => DeadLetterLine().Matches(document)).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var keepers = Subscriptions().Where(document => document.Contains("/events/dead-letters", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(topics);
        Assert.Equal(topics.Order(StringComparer.Ordinal), keepers.Select(document => TopicLine().Match(document).Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.All(keepers, document => Assert.Contains("rawPayload: \"true\"", document, StringComparison.Ordinal));
    }

    [Fact]
    public void Who_hears_dead_letters_is_tried_for_ever_and_has_none_of_its_own()
    {
        // A dead letter of a dead letter would go round in circles; one that is given up would be lost.
        var hearers = Subscriptions().Where(document => TopicLine().Match(document).Groups[1].Value.EndsWith(".dead", StringComparison.Ordinal)).ToList();
        var resiliency = File.ReadAllText(Path.Combine(Root, "components", "redis", "resiliency.yaml"));

        Assert.All(hearers, document => Assert.Contains("pubsubname: dead-letters\n", document, StringComparison.Ordinal));
        Assert.All(hearers, document => Assert.DoesNotContain("deadLetterTopic:", document, StringComparison.Ordinal));
        Assert.Matches(@"keep: \{ policy: constant, duration: \d+s, maxRetries: -1 \}", resiliency);
        Assert.Matches(@"dead-letters:\n\s+inbound: \{ retry: keep,", resiliency);
    }

    private static IEnumerable<string> Subscriptions() => Directory.GetFiles(Path.Combine(Root, "components"), "subscriptions.yaml", SearchOption.AllDirectories)
        .SelectMany(file => File.ReadAllText(file).Split("\n---\n"))
        .Select(document => document + "\n");

    [Fact]
    public void No_message_is_taken_from_a_consumer_that_still_tries()
    {
        var resiliency = File.ReadAllText(Path.Combine(Root, "components", "redis", "resiliency.yaml"));
        var pubsub = File.ReadAllText(Path.Combine(Root, "components", "redis", "pubsub.yaml"));
        var deliver = DeliverPolicy().Match(resiliency);
        var (longest, retries) = (Number(deliver.Groups[1]), Number(deliver.Groups[2]));
        var timeout = Number(DeliveryTimeout().Match(resiliency).Groups[1]);

        // Dapr's exponential waits begin at 0.5 s and grow by half; each may be half as long again by chance.
        var (worst, pause) = ((retries + 1) * timeout, 0.5);
        for (var i = 0; i < retries; i++)
        {
            worst += pause * 1.5;
            pause = Math.Min(pause * 1.5, longest);
        }

        Assert.All(ProcessingTimeout().Matches(pubsub), component => Assert.InRange(worst, 30, Number(component.Groups[1]) - 10));
    }

    private static double Number(Group group) => double.Parse(group.Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"const string Topic = ""([\w.]+)""")]
    private static partial Regex TopicConstant();

    [GeneratedRegex(@"^  topic: ([\w.]+)$", RegexOptions.Multiline)]
    private static partial Regex TopicLine();

    [GeneratedRegex(@"pubsubname: (pubsub|job-events)$", RegexOptions.Multiline)]
    private static partial Regex SharedPubSub();

    [GeneratedRegex(@"^  deadLetterTopic: ([\w.]+)$", RegexOptions.Multiline)]
    private static partial Regex DeadLetterLine();

    [GeneratedRegex(@"deliver: \{ policy: exponential, maxInterval: (\d+)s, maxRetries: (\d+) \}")]
    private static partial Regex DeliverPolicy();

    [GeneratedRegex(@"^      delivery: (\d+)s$", RegexOptions.Multiline)]
    private static partial Regex DeliveryTimeout();

    [GeneratedRegex(@"name: processingTimeout, value: (\d+)s")]
    private static partial Regex ProcessingTimeout();
}
