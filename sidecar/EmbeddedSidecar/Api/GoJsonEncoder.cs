using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EmbeddedSidecar.Api;

/// <summary>JSON as it is after daprd decoded it and encoded it anew: no spaces, members in order of name, numbers as a float64 has them.</summary>
/// <remarks>
/// Two encoders are in use there: the one of Go's library, and, for Redis, jsoniter in its fastest configuration, which leaves out
/// escapes for web pages, keeps six digits behind the point, and has the members of an object in no order at all; here they are sorted too.
/// </remarks>
internal readonly partial struct GoJsonEncoder
{
    // Above it, jsoniter keeps all digits as well.
    private const double MostWithSixDigits = 0x4ffffff;

    private static readonly SearchValues<byte> _plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x60).Select(c => (byte)c).Except("\"\\<>&"u8.ToArray())]);
    private static readonly SearchValues<byte> _plainForFastest = SearchValues.Create([.. Enumerable.Range(0x20, 0x60).Select(c => (byte)c).Except("\"\\"u8.ToArray())]);

    private readonly ArrayBufferWriter<byte> _output;
    private readonly bool _fastest;

    private GoJsonEncoder(ArrayBufferWriter<byte> output, bool fastest) => (_output, _fastest) = (output, fastest);

    /// <param name="fastest">As jsoniter does it.</param>
    /// <exception cref="DaprException">A number is beyond what a float64 holds.</exception>
    public static byte[] Encode(JsonElement value, bool fastest)
    {
        var output = new ArrayBufferWriter<byte>(JsonMarshal.GetRawUtf8Value(value).Length);
        new GoJsonEncoder(output, fastest).Write(value);
        return output.WrittenSpan.ToArray();
    }

    private void WriteOne(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                WriteText(JsonMarshal.GetRawUtf8Value(value)[1..^1]);
                break;
            case JsonValueKind.Number:
                WriteNumber(JsonMarshal.GetRawUtf8Value(value));
                break;
            default:
                _output.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    private void WriteText(ReadOnlySpan<byte> text)
    {
        _output.Write("\""u8);
        while (true)
        {
            var plain = text.IndexOfAnyExcept(_fastest ? _plainForFastest : _plain);
            _output.Write(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                break;
            }

            text = text[plain..];
            WriteCharacter(Next(ref text));
        }

        _output.Write("\""u8);
    }

    private void WriteCharacter(Rune character)
    {
        var escape = character.Value switch
        {
            '"' => "\\\""u8,
            '\\' => @"\\"u8,
            '\n' => @"\n"u8,
            '\r' => @"\r"u8,
            '\t' => @"\t"u8,
            '\b' when !_fastest => @"\b"u8,
            '\f' when !_fastest => @"\f"u8,
            _ => default,
        };
        if (!escape.IsEmpty)
        {
            _output.Write(escape);
        }
        else if (character.Value < 0x20 || (!_fastest && character.Value is '<' or '>' or '&' or 0x2028 or 0x2029))
        {
            Span<byte> escaped = stackalloc byte[6];
            _ = Utf8.TryWrite(escaped, CultureInfo.InvariantCulture, $@"\u{character.Value:x4}", out _);
            _output.Write(escaped);
        }
        else
        {
            _output.Advance(character.EncodeToUtf8(_output.GetSpan(4)));
        }
    }

    // What is no character (half of a pair, bytes that are not UTF-8) is decoded as U+FFFD, each byte alone.
    private static Rune Next(ref ReadOnlySpan<byte> text)
    {
        if (text[0] != '\\')
        {
            var isCharacter = Rune.DecodeFromUtf8(text, out var character, out var length) == OperationStatus.Done;
            text = text[(isCharacter ? length : 1)..];
            return character;
        }

        if (text[1] != 'u')
        {
            var named = text[1] switch { (byte)'b' => '\b', (byte)'f' => '\f', (byte)'n' => '\n', (byte)'r' => '\r', (byte)'t' => '\t', var other => (char)other };
            text = text[2..];
            return new Rune(named);
        }

        var unit = Unit(text);
        text = text[6..];
        if (text is [(byte)'\\', (byte)'u', ..] && Rune.TryCreate(unit, Unit(text), out var pair))
        {
            text = text[6..];
            return pair;
        }

        return Rune.TryCreate(unit, out var alone) ? alone : Rune.ReplacementChar;

        static char Unit(ReadOnlySpan<byte> escape) => (char)ushort.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private void WriteNumber(ReadOnlySpan<byte> text)
    {
        // Most are integers that a float64 holds as they are.
        if (text.Length <= 15 && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            _output.Write(text);
            return;
        }

        var number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
        {
            throw DaprException.Malformed($"failed deserializing HTTP body: json: cannot unmarshal number {Encoding.UTF8.GetString(text)} into Go value of type float64");
        }

        _output.Write(Encoding.UTF8.GetBytes(_fastest && Math.Abs(number) <= MostWithSixDigits ? SixDigits(number) : Shortest(number)));
    }

    private static string SixDigits(double number)
    {
        var millionths = (ulong)((Math.Abs(number) * 1_000_000) + 0.5);
        var text = string.Create(CultureInfo.InvariantCulture, $"{(number < 0 ? "-" : "")}{millionths / 1_000_000}.{millionths % 1_000_000:D6}");
        return text.TrimEnd('0').TrimEnd('.');
    }

    // The fewest digits that are read as this number; with an exponent below 1e-6 and from 1e21 on.
    private static string Shortest(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('E', StringComparison.Ordinal);
        if (mark < 0)
        {
            return text;
        }

        var exponent = int.Parse(text.AsSpan(mark + 1), CultureInfo.InvariantCulture);
        if (exponent is < -6 or > 20)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, mark)}e{exponent:+0;-0}");
        }

        var sign = number < 0 ? "-" : "";
        var digits = text[sign.Length..mark].Replace(".", "", StringComparison.Ordinal);
        return exponent < 0 ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1 ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }
}
