using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace EmbeddedSidecar.Api;

/// <summary>Objects and lists: one level after the other and not by recursion, which the deepest value would end with the stack.</summary>
internal readonly partial struct GoJsonEncoder
{
    private void Write(JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            WriteOne(value);
            return;
        }

        var open = new Stack<Level>();
        open.Push(new Level(value));
        while (open.TryPeek(out var level))
        {
            if (!BeginNext(level, out var next))
            {
                open.Pop();
            }
            else if (next.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                open.Push(new Level(next));
            }
            else
            {
                WriteOne(next);
            }
        }
    }

    // Writes what stands before the next value of a level, or its end.
    private bool BeginNext(Level level, out JsonElement next)
    {
        var isFirst = !level.HasBegun;
        if (level.TryNext(out var name, out next))
        {
            _output.Write(!isFirst ? ","u8 : level.IsObject ? "{"u8 : "["u8);
            if (level.IsObject)
            {
                WriteText(name);
                _output.Write(":"u8);
            }

            return true;
        }

        _output.Write((isFirst, level.IsObject) switch { (true, true) => "{}"u8, (true, false) => "[]"u8, (false, true) => "}"u8, _ => "]"u8 });
        return false;
    }

    /// <summary>An object or a list that is being written.</summary>
    private sealed class Level
    {
        private readonly JsonProperty[] _members;
        private JsonElement.ArrayEnumerator _items;
        private int _at;

        public Level(JsonElement value)
        {
            IsObject = value.ValueKind == JsonValueKind.Object;
            _members = IsObject ? Sorted(value) : [];
            _items = IsObject ? default : value.EnumerateArray();
        }

        public bool IsObject { get; }

        public bool HasBegun { get; private set; }

        public bool TryNext(out ReadOnlySpan<byte> name, out JsonElement value)
        {
            name = default;
            if (!IsObject)
            {
                var any = _items.MoveNext();
                HasBegun |= any;
                value = any ? _items.Current : default;
                return any;
            }

            // Of two members with one name the last one counts.
            while (_at + 1 < _members.Length && Compare(_members[_at], _members[_at + 1]) == 0)
            {
                _at++;
            }

            if (_at == _members.Length)
            {
                value = default;
                return false;
            }

            HasBegun = true;
            var member = _members[_at++];
            name = JsonMarshal.GetRawUtf8PropertyName(member);
            value = member.Value;
            return true;
        }

        private static JsonProperty[] Sorted(JsonElement value)
        {
            var members = value.EnumerateObject().Select((member, at) => (Member: member, At: at)).ToArray();
            Array.Sort(members, static (a, b) => Compare(a.Member, b.Member) is not 0 and var order ? order : a.At.CompareTo(b.At));
            return Array.ConvertAll(members, static one => one.Member);
        }

        // In order of the bytes, which is that of the characters.
        private static int Compare(JsonProperty one, JsonProperty other)
        {
            var a = JsonMarshal.GetRawUtf8PropertyName(one);
            var b = JsonMarshal.GetRawUtf8PropertyName(other);
            return IsAsItIs(a) && IsAsItIs(b) ? a.SequenceCompareTo(b) : Decode(a).AsSpan().SequenceCompareTo(Decode(b));
        }

        private static bool IsAsItIs(ReadOnlySpan<byte> text) => !text.Contains((byte)'\\') && Utf8.IsValid(text);

        private static byte[] Decode(ReadOnlySpan<byte> text)
        {
            // Nothing becomes longer but what is not UTF-8: one byte is then three.
            var (decoded, length) = (new byte[text.Length * 3], 0);
            while (text.Length > 0)
            {
                length += Next(ref text).EncodeToUtf8(decoded.AsSpan(length));
            }

            return decoded[..length];
        }
    }
}
