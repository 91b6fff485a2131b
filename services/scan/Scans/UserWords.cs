using System.Text;
using Eco2.ServiceDefaults;

namespace Eco2.Scan.Scans;

/// <summary>What a user typed, made fit to be stored and matched: composed Hangul, no control characters, no edges of space.</summary>
internal static class UserWords
{
    internal const int MaxLength = 500;

    /// <summary>Null for absent or blank words. False if there are more than 500 characters.</summary>
    internal static bool TryRead(string? text, out string? words)
    {
        words = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return true;
        }

        var kept = new StringBuilder(text.Length);
        var length = 0;
        foreach (var rune in Nfc.Compose(text.Trim()).EnumerateRunes())
        {
            if (Rune.IsControl(rune) && rune.Value is not ('\n' or '\t'))
            {
                continue;
            }

            if (++length > MaxLength)
            {
                return false;
            }

            kept.Append(rune.ToString());
        }

        words = kept.Length == 0 ? null : kept.ToString();
        return true;
    }
}
