using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>No pattern may cost whoever sends a text more than it costs them: in C# each has a time after which it gives up or an engine that never goes
/// back, in TypeScript, which has neither, none repeats what repeats.</summary>
public sealed partial class RegexTests
{
    private static readonly string[] Rooms = ["services", "workflows", "sdk", "sidecar", "contracts", "cli"];

    [Fact]
    public void Every_pattern_in_CSharp_has_an_end()
    {
        var patterns = Sources(Rooms, ".cs").SelectMany(file => Uses().Matches(File.ReadAllText(file)).Select(use => (file, use.Value))).ToList();

        Assert.True(patterns.Count > 10);
        Assert.DoesNotContain(patterns, use => !IsBounded(use.Value));
    }

    [Theory]
    [InlineData("""[GeneratedRegex("^(a+)+$")]""", false)]
    [InlineData("""[GeneratedRegex("^(a+)+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]""", true)]
    [InlineData("""new Regex("^(a+)+$", RegexOptions.NonBacktracking)]""", true)]
    [InlineData("""Regex.IsMatch(text, "^(a+)+$");""", false)]
    [InlineData("""Regex.IsMatch(text, "^(a+)+$", RegexOptions.None, TimeSpan.FromSeconds(1));""", true)]
    public void A_pattern_without_an_end_is_found(string source, bool isBounded) => Assert.Equal(isBounded, IsBounded(Assert.Single(Uses().Matches(source)).Value));

    [Fact]
    public void No_pattern_in_TypeScript_repeats_what_repeats_or_is_made_of_text()
    {
        var files = Sources(["services/media/src", "web/src"], ".ts").Concat(Sources(["web/src"], ".tsx")).Concat(Sources(["web/src"], ".js")).ToList();
        var literals = files.SelectMany(file => Literals().Matches(File.ReadAllText(file)).Select(literal => (file, literal.Value))).ToList();

        Assert.True(literals.Count > 8, $"{literals.Count}");
        Assert.DoesNotContain(literals, literal => RepeatsTwice(literal.Value));
        Assert.DoesNotContain(files, file => File.ReadAllText(file).Contains("RegExp(", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/^(a+)+$/", true)]
    [InlineData("/(?:x*y)*z/", true)]
    [InlineData("/(a|b+){2,}/", true)]
    [InlineData("/^([a-z+*]{1,9})+$/", false)]
    [InlineData(@"/\(+\)+/", false)]
    [InlineData("/^[0-9]+(b|c)*$/", false)]
    public void A_repetition_of_a_repetition_is_found(string literal, bool isFound) => Assert.Equal(isFound, RepeatsTwice(literal));

    private static bool IsBounded(string use) =>
        use.Contains("matchTimeoutMilliseconds:", StringComparison.Ordinal) || use.Contains("NonBacktracking", StringComparison.Ordinal) || use.Contains("TimeSpan.", StringComparison.Ordinal);

    private static bool RepeatsTwice(string literal) => Nested().IsMatch(Atoms().Replace(literal, "x"));

    private static IEnumerable<string> Sources(string[] rooms, string ending) =>
        rooms.SelectMany(room => Directory.EnumerateFiles(Path.Combine(Checkout.Root, room), "*" + ending, SearchOption.AllDirectories))
            .Where(file => file.EndsWith(ending, StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/dist/", StringComparison.Ordinal));

    // To the end of the attribute or of the statement.
    [GeneratedRegex(@"\bGeneratedRegex\([\s\S]*?\)\]$|\bnew Regex\([\s\S]*?\)[;\])]|\bRegex\.(?:IsMatch|Match|Matches|Replace|Split|Count|EnumerateMatches)\([\s\S]*?\);", RegexOptions.Multiline)]
    private static partial Regex Uses();

    // Where an expression begins, so that neither a division nor the end of a tag is one.
    [GeneratedRegex(@"(?<=[=(,:!&|?\[]\s*)/(?![*/>])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")]
    private static partial Regex Literals();

    [GeneratedRegex(@"\\.|\[(?:\\.|[^\]\\])*\]")]
    private static partial Regex Atoms();

    [GeneratedRegex(@"\([^()]*(?:[*+]|\{\d+,\})[^()]*\)(?:[*+]|\{\d+,\d*\})")]
    private static partial Regex Nested();
}
