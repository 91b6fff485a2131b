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

    [GeneratedRegex(@"const string Topic = ""([\w.]+)""")]
    private static partial Regex TopicConstant();

    [GeneratedRegex(@"^  topic: ([\w.]+)$", RegexOptions.Multiline)]
    private static partial Regex TopicLine();
}
