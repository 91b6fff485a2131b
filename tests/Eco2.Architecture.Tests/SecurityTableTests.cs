using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>What docs/security.md says is shown by a test has one.</summary>
public sealed partial class SecurityTableTests
{
    private static readonly string[][] Rows =
    [
        .. File.ReadAllText(Path.Combine(Checkout.Root, "docs", "security.md")).Split("## OWASP ASVS")[1].Split('\n')
            .Where(line => line.StartsWith("| V", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)),
    ];

    [Fact]
    public void Every_chapter_is_there() =>
        Assert.Equal(Enumerable.Range(1, 17).Select(n => $"V{n}"), Rows.Select(row => row[0].Split(' ')[0]).Distinct());

    [Fact]
    public void Every_row_says_what_it_is_and_why() => Assert.All(Rows, row =>
    {
        Assert.Equal(4, row.Length);
        Assert.Contains(row[2], (string[])["met", "part", "not met", "n/a"]);
        Assert.NotEmpty(row[3]);
        Assert.True(row[2] != "met" || TestName().IsMatch(row[3]), $"{row[0]} {row[1]} names no test");
    });

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var classes = Directory.GetFiles(Path.Combine(Checkout.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).ToHashSet(StringComparer.Ordinal);
        var named = Rows.SelectMany(row => TestName().Matches(row[3])).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);

        Assert.True(named.Count > 20);
        Assert.Empty(named.Except(classes));
    }

    [GeneratedRegex("`(\\w+Tests)`")]
    private static partial Regex TestName();
}
