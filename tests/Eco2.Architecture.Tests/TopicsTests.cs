using System.Text.RegularExpressions;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>Names that live in code and in YAML are the same names.</summary>
public sealed partial class TopicsTests
{
    private static readonly string Root = FindRoot();

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
            .ToHashSet(StringComparer.Ordinal);

        Assert.Equal(declared.Order(StringComparer.Ordinal), subscribed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_subscription_of_the_shared_pubsub_has_a_dead_letter_topic()
    {
        var documents = Directory.GetFiles(Path.Combine(Root, "components"), "subscriptions.yaml", SearchOption.AllDirectories)
            .SelectMany(file => File.ReadAllText(file).Split("\n---\n"))
            .Where(document => document.Contains("pubsubname: pubsub", StringComparison.Ordinal));

        Assert.All(documents, document => Assert.Contains("deadLetterTopic:", document, StringComparison.Ordinal));
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Eco2.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside a checkout.");
        }

        return folder;
    }

    [GeneratedRegex(@"const string Topic = ""([\w.]+)""")]
    private static partial Regex TopicConstant();

    [GeneratedRegex(@"^  topic: ([\w.]+)$", RegexOptions.Multiline)]
    private static partial Regex TopicLine();
}
