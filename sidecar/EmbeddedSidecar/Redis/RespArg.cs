using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace EmbeddedSidecar.Redis;

/// <summary>One word of a command: text, bytes or a number, written without an array in between.</summary>
internal readonly struct RespArg
{
    private readonly string? _text;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly long _number;
    private readonly Kind _kind;

    private RespArg(Kind kind, string? text, ReadOnlyMemory<byte> bytes, long number) =>
        (_kind, _text, _bytes, _number) = (kind, text, bytes, number);

    private enum Kind : byte
    {
        Bytes,
        Text,
        Number,
    }

    public static implicit operator RespArg(string text) => new(Kind.Text, text, default, 0);

    public static implicit operator RespArg(long number) => new(Kind.Number, null, default, number);

    public static implicit operator RespArg(ReadOnlyMemory<byte> bytes) => new(Kind.Bytes, null, bytes, 0);

    public static implicit operator RespArg(byte[] bytes) => new(Kind.Bytes, null, bytes, 0);

    public static void WriteCommand(IBufferWriter<byte> output, ReadOnlySpan<RespArg> words)
    {
        WriteHead(output, (byte)'*', words.Length);
        foreach (ref readonly var word in words)
        {
            word.Write(output);
        }
    }

    private void Write(IBufferWriter<byte> output)
    {
        switch (_kind)
        {
            case Kind.Text:
                var length = Encoding.UTF8.GetByteCount(_text!);
                WriteHead(output, (byte)'$', length);
                Encoding.UTF8.GetBytes(_text!, output.GetSpan(length));
                output.Advance(length);
                break;
            case Kind.Number:
                Span<byte> digits = stackalloc byte[20];
                Utf8Formatter.TryFormat(_number, digits, out var count);
                WriteHead(output, (byte)'$', count);
                output.Write(digits[..count]);
                break;
            default:
                WriteHead(output, (byte)'$', _bytes.Length);
                output.Write(_bytes.Span);
                break;
        }

        output.Write("\r\n"u8);
    }

    private static void WriteHead(IBufferWriter<byte> output, byte sign, int number)
    {
        var span = output.GetSpan(14);
        span[0] = sign;
        Utf8Formatter.TryFormat(number, span[1..], out var count);
        span[count + 1] = (byte)'\r';
        span[count + 2] = (byte)'\n';
        output.Advance(count + 3);
    }
}
