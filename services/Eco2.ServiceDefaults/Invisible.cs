using System.Buffers;
using System.Globalization;
using System.Text;

namespace Eco2.ServiceDefaults;

/// <summary>Characters that show nothing themselves and make a text look like another: direction marks, zero-width spaces, soft hyphens.</summary>
public static class Invisible
{
    private static readonly SearchValues<char> InNames = SearchValues.Create(
        [
            '\u00AD', '\u061C', '\u115F', '\u1160', '\u17B4', '\u17B5', '\u180E', '\u200B', '\u200E', '\u200F', '\u2028', '\u2029', '\u202A', '\u202B', '\u202C', '\u202D', '\u202E',
            '\u2060', '\u2061', '\u2062', '\u2063', '\u2064', '\u2066', '\u2067', '\u2068', '\u2069', '\u206A', '\u206B', '\u206C', '\u206D', '\u206E', '\u206F', '\u3164', '\uFEFF', '\uFFA0', '\uFFF9', '\uFFFA', '\uFFFB',
        ]);

    /// <summary>Whether a name that people read holds a control character or one that hides something. What joins the parts of an emoji or of a word is let through.</summary>
    /// <param name="name">As it is to be shown.</param>
    public static bool IsInName(string name) => name.AsSpan().ContainsAny(InNames) || name.Any(char.IsControl);

    /// <summary>The name without them.</summary>
    /// <param name="name">As somebody else gave it.</param>
    public static string WithoutIn(string name) => new([.. name.Where(c => !char.IsControl(c) && !InNames.Contains(c))]);

    /// <summary>Whether something that is compared and never only read, such as an address, holds any character that shows nothing.</summary>
    /// <param name="text">The text to be compared.</param>
    public static bool IsIn(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
                || (rune.IsBmp && InNames.Contains((char)rune.Value)))
            {
                return true;
            }
        }

        return false;
    }
}
