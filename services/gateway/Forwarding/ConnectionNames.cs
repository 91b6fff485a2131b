using System.Text;

namespace Eco2.Gateway.Forwarding;

/// <summary>Reads Connection so that the headers it names are still known when a request is passed on. The server puts "close" in the place of every value in which it
/// finds no other word of its own; a value that says more gets a second such word, which keeps it whole. Such a connection ends with its answer.</summary>
internal sealed class ConnectionNames : Encoding
{
    private const string Kept = ", close, keep-alive";

    private ConnectionNames()
    {
    }

    /// <summary>For values of Connection and no others.</summary>
    public static Encoding Encoding { get; } = new ConnectionNames();

    public override int GetCharCount(byte[] bytes, int index, int count) => count + (NamesHeaders(bytes.AsSpan(index, count)) ? Kept.Length : 0);

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var value = bytes.AsSpan(byteIndex, byteCount);
        var written = Latin1.GetChars(value, chars.AsSpan(charIndex));
        if (NamesHeaders(value))
        {
            Kept.CopyTo(chars.AsSpan(charIndex + written));
            written += Kept.Length;
        }

        return written;
    }

    public override int GetMaxCharCount(int byteCount) => byteCount + Kept.Length;

    public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) => Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => Latin1.GetMaxByteCount(charCount);

    private static bool NamesHeaders(ReadOnlySpan<byte> value)
    {
        foreach (var part in value.Split((byte)','))
        {
            var word = value[part].Trim(" \t"u8);
            if (!word.IsEmpty && !Ascii.EqualsIgnoreCase(word, "close"u8) && !Ascii.EqualsIgnoreCase(word, "keep-alive"u8) && !Ascii.EqualsIgnoreCase(word, "upgrade"u8))
            {
                return true;
            }
        }

        return false;
    }
}
