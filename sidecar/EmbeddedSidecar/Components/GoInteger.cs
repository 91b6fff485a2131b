using System.Globalization;

namespace EmbeddedSidecar.Components;

/// <summary>Whole numbers of 64 bits as Go's strconv reads them, and the words in which it says no.</summary>
internal static class GoInteger
{
    /// <param name="function">Which of strconv's functions the complaint names.</param>
    /// <exception cref="FormatException">It is no such number; the message is Go's.</exception>
    public static long Parse(string text, string function)
    {
        var digits = text.AsSpan(text is ['+' or '-', ..] ? 1 : 0);
        return digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') ? throw Refuse("invalid syntax")
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : throw Refuse("value out of range");

        FormatException Refuse(string why) =>
            new($"strconv.{function}: parsing \"{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\": {why}");
    }
}
