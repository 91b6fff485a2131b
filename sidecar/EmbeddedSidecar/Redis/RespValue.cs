using System.Buffers;
using System.Buffers.Text;
using System.Text;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Redis;

/// <summary>One reply of a Redis server.</summary>
internal sealed class RespValue
{
    public static readonly RespValue Null = new();

    /// <summary>The bytes of a string reply, or null.</summary>
    public byte[]? Bytes { get; private init; }

    /// <summary>The number of an integer reply, or null.</summary>
    public long? Number { get; private init; }

    /// <summary>The parts of an array reply, or null.</summary>
    public RespValue[]? Items { get; private init; }

    /// <summary>The text of an error reply, or null.</summary>
    public string? Error { get; private init; }

    public bool IsNull => Bytes is null && Number is null && Items is null && Error is null;

    /// <summary>The reply as text; an integer as its digits, null as null.</summary>
    public string? Text =>
        Bytes is not null ? Encoding.UTF8.GetString(Bytes) : Number?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>This reply, unless it is an error.</summary>
    /// <exception cref="RedisReplyException">The server refused the command.</exception>
    public RespValue OrThrow() => Error is null ? this : throw new RedisReplyException(Error);

    /// <summary>Takes one whole reply off the front of the buffer, or leaves the buffer as it is.</summary>
    public static bool TryParse(ref ReadOnlySequence<byte> buffer, out RespValue? value)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!TryRead(ref reader, out value))
        {
            return false;
        }

        buffer = buffer.Slice(reader.Position);
        return true;
    }

    private static bool TryRead(ref SequenceReader<byte> reader, out RespValue? value)
    {
        value = null;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, "\r\n"u8))
        {
            return false;
        }

        var sign = line.FirstSpan[0];
        line = line.Slice(1);
        switch (sign)
        {
            case (byte)'+':
                value = new RespValue { Bytes = line.ToArray() };
                return true;
            case (byte)'-':
                value = new RespValue { Error = Encoding.UTF8.GetString(line) };
                return true;
            case (byte)':':
                value = new RespValue { Number = Integer(line) };
                return true;
            case (byte)'$':
                return TryReadBulk(ref reader, Integer(line), out value);
            case (byte)'*':
                return TryReadArray(ref reader, Integer(line), out value);
            default:
                throw new InvalidDataException($"A Redis reply starts with byte 0x{sign:X2}.");
        }
    }

    private static bool TryReadBulk(ref SequenceReader<byte> reader, long length, out RespValue? value)
    {
        value = Null;
        if (length < 0)
        {
            return true;
        }

        if (reader.Remaining < length + 2)
        {
            return false;
        }

        var bytes = new byte[length];
        reader.TryCopyTo(bytes);
        reader.Advance(length + 2);
        value = new RespValue { Bytes = bytes };
        return true;
    }

    private static bool TryReadArray(ref SequenceReader<byte> reader, long length, out RespValue? value)
    {
        value = Null;
        if (length < 0)
        {
            return true;
        }

        var items = new RespValue[length];
        for (var i = 0; i < length; i++)
        {
            if (!TryRead(ref reader, out var item))
            {
                return false;
            }

            items[i] = item!;
        }

        value = new RespValue { Items = items };
        return true;
    }

    private static long Integer(ReadOnlySequence<byte> digits)
    {
        Span<byte> buffer = stackalloc byte[24];
        if (digits.Length > buffer.Length)
        {
            throw new InvalidDataException("A Redis reply holds a number that is too long.");
        }

        digits.CopyTo(buffer);
        return Utf8Parser.TryParse(buffer[..(int)digits.Length], out long number, out _)
            ? number
            : throw new InvalidDataException("A Redis reply holds a number that is none.");
    }
}

/// <summary>The server understood us and said no.</summary>
internal sealed class RedisReplyException(string error) : BackendException(error);

/// <summary>The server could not be reached, or went away before it answered (then the command may have run).</summary>
internal sealed class RedisUnavailableException(string message, Exception? inner = null) : BackendException(message, inner);
