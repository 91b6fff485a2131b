using System.Buffers.Text;
using System.Text.Json;

namespace EmbeddedSidecar.Bindings;

/// <summary>What some components do to the data before they use it.</summary>
internal static class BindingData
{
    /// <summary>The content of a quoted string; anything else as it is.</summary>
    public static ReadOnlyMemory<byte> Unquote(ReadOnlyMemory<byte> data)
    {
        var span = data.Span;
        if (span.Length < 2 || span[0] != '"' || span[^1] != '"')
        {
            return data;
        }

        // Without escapes (base64, most text) the content is there already.
        if (span.IndexOf((byte)'\\') < 0)
        {
            return data[1..^1];
        }

        try
        {
            var reader = new Utf8JsonReader(span);
            reader.Read();
            var content = new byte[span.Length];
            return content.AsMemory(0, reader.CopyString(content));
        }
        catch (JsonException)
        {
            return data;
        }
    }

    /// <summary>The decoded bytes if the whole text happens to be base64; else the text as it is.</summary>
    public static ReadOnlyMemory<byte> DecodeBase64IfItIs(ReadOnlyMemory<byte> data)
    {
        var span = data.Span;
        if (span.IsEmpty || !Base64.IsValid(span, out var length) || span.IndexOfAny(" \t"u8) >= 0)
        {
            return data;
        }

        var decoded = new byte[length];
        Base64.DecodeFromUtf8(span, decoded, out _, out var written);
        return decoded.AsMemory(0, written);
    }
}
