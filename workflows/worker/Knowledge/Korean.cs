using System.Text;

namespace Eco2.Worker.Knowledge;

/// <summary>Hangul without a globalization library: the apps run in invariant mode, where <c>string.Normalize</c> does nothing.</summary>
internal static class Korean
{
    private const int First = 0xAC00, Leads = 19, Vowels = 21, Tails = 28, LeadAt = 0x1100, VowelAt = 0x1161, TailAt = 0x11A7;

    /// <summary>Composes conjoining jamo (NFD, as Apple file names and keyboards send it) to syllables. Other text is left alone.</summary>
    public static string Compose(string text)
    {
        if (IsComposed(text)) return text;
        var made = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var last = made.Length > 0 ? made[^1] : '\0';
            if (IsLead(last) && IsVowel(c)) made[^1] = (char)(First + ((last - LeadAt) * Vowels + (c - VowelAt)) * Tails);
            else if (IsOpenSyllable(last) && IsTail(c)) made[^1] = (char)(last + (c - TailAt));
            else made.Append(c);
        }
        return made.ToString();
    }

    /// <summary>True if nothing in the text composes further: no jamo pairs and no combining marks.</summary>
    public static bool IsComposed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= '\u0300' and <= '\u036F') return false;
            if (i == 0) continue;
            if (IsLead(text[i - 1]) && IsVowel(c)) return false;
            if (IsOpenSyllable(text[i - 1]) && IsTail(c)) return false;
        }
        return true;
    }

    /// <summary>Lower case, letters and digits only: what a person typed, without how they spaced it.</summary>
    public static string Squash(string text)
    {
        var made = new StringBuilder(text.Length);
        foreach (var c in Compose(text))
            if (char.IsLetterOrDigit(c)) made.Append(char.ToLowerInvariant(c));
        return made.ToString();
    }

    public static bool HasHangul(string text) => text.Any(IsSyllable);

    public static string Object(string word) => word + (EndsClosed(word) ? "을" : "를");

    public static string Subject(string word) => word + (EndsClosed(word) ? "이" : "가");

    public static string Topic(string word) => word + (EndsClosed(word) ? "은" : "는");

    public static string If(string word) => word + (EndsClosed(word) ? "이라면" : "라면");

    public static string Is(string word) => word + (EndsClosed(word) ? "이에요" : "예요");

    /// <summary>로 follows a vowel and also ㄹ, 으로 everything else.</summary>
    public static string Toward(string word) => word + (EndsClosed(word) && Tail(word) != 8 ? "으로" : "로");

    /// <summary>Whether the spoken word ends in a consonant. Letters and digits are read as Koreans read them.</summary>
    private static bool EndsClosed(string word)
    {
        var c = LastSpoken(word);
        if (IsSyllable(c)) return (c - First) % Tails != 0;
        return char.ToLowerInvariant(c) is 'l' or 'm' or 'n' or 'r' or '0' or '1' or '3' or '6' or '7' or '8';
    }

    private static int Tail(string word)
    {
        var c = LastSpoken(word);
        if (IsSyllable(c)) return (c - First) % Tails;
        return char.ToLowerInvariant(c) is 'l' or 'r' or '1' or '7' or '8' ? 8 : 0;
    }

    private static char LastSpoken(string word)
    {
        var end = word.Length;
        if (word.EndsWith(')') && word.LastIndexOf('(') is > 0 and var open) end = open;
        while (end > 0 && !char.IsLetterOrDigit(word[end - 1])) end--;
        return end > 0 ? word[end - 1] : '\0';
    }

    private static bool IsSyllable(char c) => c is >= (char)First and <= '\uD7A3';

    private static bool IsOpenSyllable(char c) => IsSyllable(c) && (c - First) % Tails == 0;

    private static bool IsLead(char c) => c >= LeadAt && c < LeadAt + Leads;

    private static bool IsVowel(char c) => c >= VowelAt && c < VowelAt + Vowels;

    private static bool IsTail(char c) => c > TailAt && c < TailAt + Tails;
}
