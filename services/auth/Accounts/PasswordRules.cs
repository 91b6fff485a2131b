using System.Collections.Frozen;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth.Accounts;

/// <summary>What a new password has to be: 8 to 128 characters of any kind, not one that everybody tries first, and nothing that follows from
/// the account. No rule about capitals, digits or signs, and no expiry (NIST SP 800-63B, ASVS 5.0 chapter 6.2).</summary>
internal static class PasswordRules
{
    public const int Shortest = 8, Longest = 128;

    // A local part shorter than this is in too many good passwords.
    private const int ShortestTellingName = 4;

    private static readonly Lazy<FrozenSet<string>> Known = new(Load);

    /// <summary>Null when the password will do.</summary>
    /// <param name="password">As it came.</param>
    /// <param name="email">Of the account; null if it has none.</param>
    /// <param name="member">The member of the request that holds the password.</param>
    public static ProblemHttpResult? Check(string password, string? email, string member)
    {
        var text = Nfc.Compose(password);
        var characters = text.EnumerateRunes().Count();
        if (characters < Shortest)
        {
            return Problems.PasswordTooShort(member);
        }

        // UTF-16 units, so that the bound is also one of bytes.
        if (text.Length > Longest)
        {
            return Problems.PasswordTooLong(member);
        }

        var plain = text.ToLowerInvariant();
        return plain.Contains("eco2", StringComparison.Ordinal) || ContainsName(plain, email) ? Problems.PasswordGuessable(member)
            : IsKnown(plain) ? Problems.PasswordBreached(member)
            : null;
    }

    /// <summary>In the list; one to three characters over and over; or a run such as 123456789 or abcdefgh.</summary>
    internal static bool IsKnown(string plain) =>
        Known.Value.Contains(plain) || Known.Value.Contains(plain.TrimEnd('!', '.', '?', '@', '#', '*', '~', '1')) || Repeats(plain) || Runs(plain);

    internal static int Count => Known.Value.Count;

    private static bool ContainsName(string plain, string? email)
    {
        var name = email?[..email.LastIndexOf('@')] ?? "";
        return name.Length >= ShortestTellingName && plain.Contains(name, StringComparison.OrdinalIgnoreCase);
    }

    private static bool Repeats(string text) =>
        Enumerable.Range(1, 3).Any(period => Enumerable.Range(period, text.Length - period).All(i => text[i] == text[i - period]));

    private static bool Runs(string text)
    {
        var step = text[1] - text[0];
        return step is 1 or -1 && Enumerable.Range(1, text.Length - 1).All(i => text[i] - text[i - 1] == step || (text[i - 1], text[i]) is ('9', '0') or ('0', '9'));
    }

    private static FrozenSet<string> Load()
    {
        using var stream = typeof(PasswordRules).Assembly.GetManifestResourceStream("Eco2.Auth.Accounts.KnownPasswords.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}
