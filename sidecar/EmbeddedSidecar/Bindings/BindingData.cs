using System.Buffers.Text;

namespace EmbeddedSidecar.Bindings;

/// <summary>What some components do to the data before they use it.</summary>
internal static class BindingData
{
    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    /// <summary>The content of what Go takes for a quoted string; anything else as it is.</summary>
    /// <remarks>It is not JSON: halves of a surrogate pair, as many serializers write 😀, leave a text with its quotes.</remarks>
    public static ReadOnlyMemory<byte> Unquote(ReadOnlyMemory<byte> data) => GoLiteral.TryRead(data, out var content) ? content : data;

    /// <summary>The decoded bytes if the whole text happens to be base64; else the text as it is.</summary>
    public static ReadOnlyMemory<byte> DecodeBase64IfItIs(ReadOnlyMemory<byte> data)
    {
        var text = WithoutLeftOverBits(data.Span);
        if (text.IsEmpty || !Base64.IsValid(text, out var length) || text.IndexOfAny(" \t"u8) >= 0)
        {
            return data;
        }

        var decoded = new byte[length];
        Base64.DecodeFromUtf8(text, decoded, out _, out var written);
        return decoded.AsMemory(0, written);
    }

    // The last letter may say more than its bytes hold: Go does not mind, .NET does.
    private static ReadOnlySpan<byte> WithoutLeftOverBits(ReadOnlySpan<byte> text)
    {
        var last = text.LastIndexOfAnyExcept("=\r\n"u8);
        var padding = text[(last + 1)..].Count((byte)'=');
        var value = last < 0 ? -1 : Alphabet.IndexOf(text[last]);
        var kept = padding == 1 ? value & ~3 : value & ~15;
        if (padding is not (1 or 2) || value < 0 || kept == value)
        {
            return text;
        }

        var mended = text.ToArray();
        mended[last] = Alphabet[kept];
        return mended;
    }
}
