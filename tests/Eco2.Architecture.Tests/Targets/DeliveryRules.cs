using System.Text.RegularExpressions;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>What is wrong with how a target brings messages: who gets them, for how long, and what becomes of those nobody takes.</summary>
internal static partial class DeliveryRules
{
    private const double Margin = 10;

    public static IEnumerable<string> Complaints(Target target) =>
        [.. Names(target), .. DeadLetters(target), .. target.Resiliency.Spec.Targets.Components.SelectMany(pair => Patience(target, pair.Key, pair.Value)), .. Queues(target)];

    private static IEnumerable<string> Names(Target target)
    {
        foreach (var subscription in target.Subscriptions.Where(s => target[s.Spec.PubsubName]?.Spec.Type.StartsWith("pubsub.", StringComparison.Ordinal) != true))
        {
            yield return $"{subscription.Metadata.Name} subscribes to {subscription.Spec.PubsubName}, which is no pub/sub";
        }

        foreach (var silent in target.Subscriptions.Select(s => s.Spec.PubsubName).Distinct().Where(name => !target.Resiliency.Spec.Targets.Components.ContainsKey(name)))
        {
            yield return $"resiliency.yaml does not speak of {silent}";
        }
    }

    private static IEnumerable<string> DeadLetters(Target target)
    {
        foreach (var subscription in target.Subscriptions)
        {
            var (topic, pubsub, dead) = (subscription.Spec.Topic, subscription.Spec.PubsubName, subscription.Spec.DeadLetterTopic);
            // A dead letter of a dead letter would go round in circles; news that is late is worth nothing.
            var expected = pubsub is "dead-letters" or "broadcast" ? null : topic + ".dead";
            if (dead != expected)
            {
                yield return $"{subscription.Metadata.Name}: its dead letters go to {dead ?? "nowhere"}, they should go to {expected ?? "nowhere"}";
            }

            if (dead is not null && target.Subscriptions.Count(s => s.Spec.Topic == dead && s.Spec.Routes.Default == "/events/dead-letters" && IsRaw(s)) != 1)
            {
                yield return $"{dead} has no keeper who gets the bytes as they are";
            }

            if (topic.EndsWith(".dead", StringComparison.Ordinal) != (pubsub == "dead-letters"))
            {
                yield return $"{subscription.Metadata.Name}: dead letters, and only they, come by dead-letters";
            }
        }
    }

    private static bool IsRaw(SubscriptionFile subscription) => subscription.Spec.Metadata.GetValueOrDefault("rawPayload") == "true";

    /// <summary>All tries together end before the broker gives the message to somebody else.</summary>
    private static IEnumerable<string> Patience(Target target, string name, Directions directions)
    {
        if (target[name] is not { } component || !ComponentTypes.Table.Types.TryGetValue(component.Spec.Type, out var type))
        {
            yield return $"resiliency.yaml speaks of {name}, which is no component";
            yield break;
        }

        var policies = target.Resiliency.Spec.Policies;
        foreach (var applied in new[] { directions.Inbound, directions.Outbound }.OfType<Applied>())
        {
            if (!policies.Retries.ContainsKey(applied.Retry ?? "") || (applied.Timeout is { } limit && !policies.Timeouts.ContainsKey(limit)))
            {
                yield return $"resiliency.yaml applies to {name} what it does not define";
                yield break;
            }
        }

        if (directions.Inbound is not { Retry: { } retry, Timeout: { } timeout })
        {
            if (name != "broadcast")
            {
                yield return $"{name} has no inbound retry and timeout";
            }

            yield break;
        }

        var worst = policies.Retries[retry].Worst(Seconds.Of(policies.Timeouts[timeout]));
        if (name == "dead-letters" && !type.Redelivers)
        {
            if (!double.IsPositiveInfinity(worst))
            {
                yield return $"{name}: {component.Spec.Type} does not bring a letter again that is given up, so it must be tried for ever";
            }
        }
        else if (double.IsPositiveInfinity(worst) || worst < 30)
        {
            yield return $"{name}: {worst} s is no patience for a delivery";
        }
        else if (type.Locks != "none" && !(component.Plain(type.Locks) is { } held && worst + Margin < Seconds.Of(held)))
        {
            yield return $"{name}: {worst} s of tries need a longer {type.Locks}";
        }
    }

    /// <summary>What brokers make of names.</summary>
    private static IEnumerable<string> Queues(Target target)
    {
        // SQS: a queue is named by the consumer id alone, and a topic keeps letters, digits, - and _ of its name.
        var queues = target.Components.Where(c => c.Spec.Type == "pubsub.aws.snssqs").ToList();
        foreach (var pair in queues.SelectMany((one, i) => queues.Skip(i + 1).Select(other => (one, other))).Where(pair => (pair.one.Plain("consumerID") ?? "{appID}") == (pair.other.Plain("consumerID") ?? "{appID}")))
        {
            yield return $"{pair.one.Name} and {pair.other.Name} would take each other's messages out of one queue";
        }

        foreach (var same in target.Subscriptions.Select(s => s.Spec.Topic).Distinct().GroupBy(topic => Unsaid().Replace(topic, "")).Where(group => queues.Count > 0 && group.Count() > 1))
        {
            yield return $"{string.Join(" and ", same)} are one topic to SNS";
        }

        foreach (var name in target.Components.Where(c => c.Spec.Type == "pubsub.gcp.pubsub" && c.Plain("consumerID")?.StartsWith("{uuid}", StringComparison.Ordinal) == true))
        {
            yield return $"{name.Name}: the name of a subscription begins with a letter";
        }

        if (target["broadcast"] is { } broadcast && broadcast.Plain("consumerID")?.Contains("{uuid}", StringComparison.Ordinal) != true)
        {
            yield return "broadcast wants a consumer of its own for each replica";
        }
    }

    [GeneratedRegex("[^A-Za-z0-9_-]")]
    private static partial Regex Unsaid();
}
