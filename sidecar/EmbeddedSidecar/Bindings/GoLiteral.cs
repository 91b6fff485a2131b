using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace EmbeddedSidecar.Bindings;

/// <summary>Literals of Go: "text", `raw text` and 'c'.</summary>
internal static class GoLiteral
{
    private const byte Quote = (byte)'"';
    private const byte Apostrophe = (byte)'\'';

    /// <summary>What the literal stands for; false if the whole is not one.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> literal, out ReadOnlyMemory<byte> content)
    {
        content = default;
        var span = literal.Span;
        if (span.Length < 2 || span[0] != span[^1])
        {
            return false;
        }

        content = literal[1..^1];
        span = content.Span;
        var quote = literal.Span[0];
        if (quote == '`')
        {
            content = span.Contains((byte)'\r') ? content.ToArray().Where(one => one != '\r').ToArray() : content;
            return !span.Contains(quote);
        }

        if (quote is not (Quote or Apostrophe))
        {
            return false;
        }

        // Without escapes (base64, most text) the content is there already.
        if (span.IndexOfAny((byte)'\\', (byte)'\n', quote) >= 0 || !Utf8.IsValid(span))
        {
            var text = new ArrayBufferWriter<byte>(span.Length + 1);
            if (!TryUnescape(span, quote, text))
            {
                return false;
            }

            content = text.WrittenMemory;
        }

        return quote == Quote || (Rune.DecodeFromUtf8(content.Span, out _, out var length) == OperationStatus.Done && length == content.Length);
    }

    private static bool TryUnescape(ReadOnlySpan<byte> text, byte quote, ArrayBufferWriter<byte> to)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == quote || text[0] == '\n')
            {
                return false;
            }

            if (text[0] == '\\')
            {
                if (!TryEscape(ref text, quote, to))
                {
                    return false;
                }

                continue;
            }

            // Bytes that are no UTF-8 become the replacement character.
            Rune.DecodeFromUtf8(text, out var rune, out var used);
            to.Advance(rune.EncodeToUtf8(to.GetSpan(4)));
            text = text[used..];
        }

        return true;
    }

    private static bool TryEscape(ref ReadOnlySpan<byte> text, byte quote, ArrayBufferWriter<byte> to)
    {
        if (text.Length < 2)
        {
            return false;
        }

        var letter = text[1];
        var digits = letter switch { (byte)'x' => 2, (byte)'u' => 4, (byte)'U' => 8, >= (byte)'0' and <= (byte)'7' => 3, _ => 0 };
        if (digits == 0)
        {
            text = text[2..];
            var at = "abfnrtv\\"u8.IndexOf(letter);
            to.Write([at < 0 ? letter : "\a\b\f\n\r\t\v\\"u8[at]]);
            return at >= 0 || letter == quote;
        }

        var number = text[(digits == 3 ? 1 : 2)..];
        if (number.Length < digits || Number(number[..digits]) is not { } code)
        {
            return false;
        }

        text = number[digits..];
        if (digits > 3)
        {
            // Half a surrogate pair is no character.
            var isCharacter = Rune.TryCreate(code, out var rune);
            to.Advance(rune.EncodeToUtf8(to.GetSpan(4)));
            return isCharacter;
        }

        to.Write([(byte)code]);
        return code <= byte.MaxValue;
    }

    // Three digits are octal.
    private static uint? Number(ReadOnlySpan<byte> digits)
    {
        if (digits.Length != 3)
        {
            return uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? code : null;
        }

        return digits.IndexOfAnyExceptInRange((byte)'0', (byte)'7') < 0 ? (uint)(((digits[0] - '0') << 6) + ((digits[1] - '0') << 3) + digits[2] - '0') : null;
    }
}
