using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>The inventory of cryptography in docs/security.md names every file that does any, and no file does what has been broken for long.</summary>
public sealed partial class CryptographyTests
{
    private static readonly string Inventory = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "security.md")).Split("## Cryptography")[1].Split("\n## ")[0];

    private static IEnumerable<(string Path, string Text)> Sources => ((string[])["services", "workflows", "contracts"])
        .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Checkout.Root, room), "*.cs", SearchOption.AllDirectories))
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal))
        .Select(file => (Path.GetRelativePath(Checkout.Root, file).Replace("services/", "", StringComparison.Ordinal), File.ReadAllText(file)));

    [Fact]
    public void Every_file_that_signs_seals_derives_or_draws_secrets_is_in_the_inventory_and_no_other()
    {
        var doing = Sources.Where(source => Primitives().IsMatch(source.Text)).Select(source => source.Path).Order(StringComparer.Ordinal).ToList();
        var named = Names().Matches(Inventory).Select(name => name.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);

        Assert.True(doing.Count > 10);
        Assert.Equal(doing, named);
    }

    [Fact]
    public void Nothing_broken_is_used() => Assert.DoesNotContain(Sources, source => Broken().IsMatch(source.Text));

    [GeneratedRegex(@"\b(?:AesGcm|HMACSHA\d+|ECDsa|RSA|PasswordHasher|Pbkdf2|HKDF|RandomNumberGenerator)\b")]
    private static partial Regex Primitives();

    // SHA-1 inside HMAC is what authenticator apps compute.
    [GeneratedRegex(@"\b(?:MD5|HMACMD5|SHA1\.|SHA1Managed|DES|TripleDES|RC2|CipherMode|Aes\.Create|new Random\()")]
    private static partial Regex Broken();

    [GeneratedRegex(@"`((?:\w[\w.-]*/)+\w+\.cs)`")]
    private static partial Regex Names();
}
