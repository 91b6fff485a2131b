using System.Buffers.Text;
using System.Text;

namespace Eco2.LoadGenerator;

/// <summary>One frame of an event stream, without its data.</summary>
/// <param name="Seq">Its id; 0 without one, as keepalives are.</param>
/// <param name="Event">Its event name.</param>
public readonly record struct Frame(int Seq, string Event);

/// <summary>Reads frames of server-sent events from bytes as they come. Data lines are passed over without being copied: what a load
/// generator must know is in the lines before them.</summary>
internal sealed class FrameReader
{
    private const int LongestHeadLine = 64;

    private static readonly string[] Names =
        ["queued", "vision", "rule", "answer", "reward", "token", "done", "failed", "cancelled", "keepalive", "reconnect"];

    private readonly byte[] line = new byte[LongestHeadLine];
    private int length;
    private int seq;
    private string name = "message";
    private bool hasData;

    /// <summary>Forgets what was begun: the connection is a new one.</summary>
    public void Reset() => (length, seq, name, hasData) = (0, 0, "message", false);

    /// <summary>Takes bytes up to the end of the next frame. True when <paramref name="frame"/> is one; then call again with the rest.</summary>
    public bool Read(ref ReadOnlySpan<byte> bytes, out Frame frame)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            var copied = Math.Min(part.Length, LongestHeadLine - length);
            part[..copied].CopyTo(line.AsSpan(length));
            length += copied;
            if (end < 0)
            {
                bytes = [];
                break;
            }

            bytes = bytes[(end + 1)..];
            if (TakeLine(out frame))
            {
                return true;
            }
        }

        frame = default;
        return false;
    }

    private bool TakeLine(out Frame frame)
    {
        var text = line.AsSpan(0, length).TrimEnd((byte)'\r');
        length = 0;
        if (text.IsEmpty)
        {
            frame = new Frame(seq, name);
            var whole = hasData;
            (seq, name, hasData) = (0, "message", false);
            return whole;
        }

        if (text.StartsWith("data:"u8))
        {
            hasData = true;
        }
        else if (text.StartsWith("id: "u8))
        {
            _ = Utf8Parser.TryParse(text[4..], out seq, out _);
        }
        else if (text.StartsWith("event: "u8))
        {
            name = NameOf(text[7..]);
        }

        frame = default;
        return false;
    }

    private static string NameOf(ReadOnlySpan<byte> bytes)
    {
        foreach (var known in Names)
        {
            if (known.Length == bytes.Length && Ascii.Equals(bytes, known))
            {
                return known;
            }
        }

        return Encoding.UTF8.GetString(bytes);
    }
}
