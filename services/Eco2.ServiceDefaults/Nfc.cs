namespace Eco2.ServiceDefaults;

/// <summary>Composes Korean that arrives letter by letter (NFD, as macOS and iOS write file names and some inputs) into syllables.
/// The processes run without ICU, where <see cref="string.Normalize()"/> does nothing; Hangul needs no tables, only arithmetic.</summary>
public static class Nfc
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28;

    /// <summary>The same text with every Hangul syllable as one character. Other scripts stay as they are.</summary>
    public static string Compose(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u1100', '\u11FF'))
        {
            return text;
        }

        var composed = new char[text.Length];
        var length = 0;
        foreach (var next in text)
        {
            var last = length > 0 ? composed[length - 1] : '\0';
            if (last - LeadBase is >= 0 and < Leads && next - VowelBase is >= 0 and < Vowels)
            {
                composed[length - 1] = (char)(SyllableBase + ((((last - LeadBase) * Vowels) + (next - VowelBase)) * Tails));
            }
            else if (last - SyllableBase is >= 0 and < Leads * Vowels * Tails
                && (last - SyllableBase) % Tails == 0
                && next - TailBase is > 0 and < Tails)
            {
                composed[length - 1] = (char)(last + (next - TailBase));
            }
            else
            {
                composed[length++] = next;
            }
        }

        return new string(composed, 0, length);
    }
}
