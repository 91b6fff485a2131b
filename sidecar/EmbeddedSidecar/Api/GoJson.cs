using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EmbeddedSidecar.Api;

/// <summary>JSON as Go reads and writes it.</summary>
/// <remarks>Official clients rely on it: Dapr's package for ASP.NET Core calls the member pubsubname pubsubName.</remarks>
internal static class GoJson
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(code => (char)code), .. "\"\\<>&\u2028\u2029"]);

    /// <summary>A member of an object: by name, else by the name in whatever letter case.</summary>
    public static bool TryGetMember(this JsonElement parent, string name, out JsonElement value)
    {
        if (parent.TryGetProperty(name, out value))
        {
            return true;
        }

        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = member.Value;
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The bytes of a value that was read and is written anew: no spaces, members in the order of their names and one of each, numbers as
    /// doubles, &lt; &gt; &amp; as escapes and other characters as they are.
    /// </summary>
    public static byte[] Rewritten(this JsonElement value)
    {
        var to = new ArrayBufferWriter<byte>(Math.Max(16, JsonMarshal.GetRawUtf8Value(value).Length));
        try
        {
            Write(value, to);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: nothing to write it as.
            return JsonMarshal.GetRawUtf8Value(value).ToArray();
        }

        return to.WrittenSpan.ToArray();
    }

    private static void Write(JsonElement value, ArrayBufferWriter<byte> to)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var member in value.EnumerateObject())
                {
                    members[member.Name] = member.Value;
                }

                var separator = "{"u8;
                foreach (var (name, member) in members)
                {
                    to.Write(separator);
                    WriteText(name, to);
                    to.Write(":"u8);
                    Write(member, to);
                    separator = ","u8;
                }

                to.Write(members.Count > 0 ? "}"u8 : "{}"u8);
                break;
            case JsonValueKind.Array:
                var before = "["u8;
                foreach (var item in value.EnumerateArray())
                {
                    to.Write(before);
                    Write(item, to);
                    before = ","u8;
                }

                to.Write(value.GetArrayLength() > 0 ? "]"u8 : "[]"u8);
                break;
            case JsonValueKind.String:
                WriteText(value.GetString()!, to);
                break;
            case JsonValueKind.Number:
                to.Write(Encoding.ASCII.GetBytes(Number(value.GetDouble())));
                break;
            default:
                to.Write(JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    private static void WriteText(string text, ArrayBufferWriter<byte> to)
    {
        to.Write("\""u8);
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var plain = rest.IndexOfAny(Escaped);
            var length = plain < 0 ? rest.Length : plain;
            to.Advance(Encoding.UTF8.GetBytes(rest[..length], to.GetSpan(Encoding.UTF8.GetMaxByteCount(length))));
            if (plain < 0)
            {
                break;
            }

            to.Write(rest[plain] switch
            {
                '"' => "\\\""u8,
                '\\' => "\\\\"u8,
                '\b' => "\\b"u8,
                '\f' => "\\f"u8,
                '\n' => "\\n"u8,
                '\r' => "\\r"u8,
                '\t' => "\\t"u8,
                var other => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)other:x4}")),
            });
            rest = rest[(plain + 1)..];
        }

        to.Write("\""u8);
    }

    // An exponent where JavaScript has one too, else all digits.
    private static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw DaprException.Malformed("failed deserializing HTTP body: a number is too large");
        }

        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (Math.Abs(value) is >= 1e-6 and < 1e21)
        {
            return decimal.Parse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        }

        return shortest.Split('E') is [var digits, var exponent] ? $"{digits}e{exponent[0]}{exponent[1..].TrimStart('0')}" : shortest;
    }
}
