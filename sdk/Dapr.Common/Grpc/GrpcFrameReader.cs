using System.Buffers;
using System.Buffers.Binary;
using Google.Protobuf;
using Grpc.Core;

namespace Dapr.Common;

/// <summary>Cuts a response body into messages: a flag byte, four bytes of length, the message. One reader at a time.</summary>
internal sealed class GrpcFrameReader(Stream body, int? maxMessageSize) : IDisposable
{
    private const int HeaderSize = 5;

    // Bytes [_start, _end) of the buffer are read from the body and not yet handed out.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _start;
    private int _end;

    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken ct)
        where T : class, IMessage<T>
    {
        if (!await FillAsync(HeaderSize, ct).ConfigureAwait(false))
        {
            return _start == _end ? null : throw Cut();
        }

        var compressed = _buffer[_start] != 0;
        var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1, 4));
        if (compressed)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The server compressed a message although no compression was offered."));
        }

        if (length > (uint)(maxMessageSize ?? Array.MaxLength - HeaderSize))
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));
        }

        _start += HeaderSize;
        if (!await FillAsync((int)length, ct).ConfigureAwait(false))
        {
            throw Cut();
        }

        try
        {
            var message = parser.ParseFrom(_buffer.AsSpan(_start, (int)length));
            _start += (int)length;
            return message;
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The server sent a message that cannot be read.", failure));
        }
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _start = _end = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        body.Dispose();
    }

    private static RpcException Cut() => new(new Status(StatusCode.Unavailable, "The response ended in the middle of a message."));

    /// <summary>Makes at least so many bytes ready; false when the body ends before.</summary>
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken ct)
    {
        if (_end - _start >= wanted)
        {
            return true;
        }

        MakeRoom(wanted);
        while (_end - _start < wanted)
        {
            var read = await body.ReadAsync(_buffer.AsMemory(_end), ct).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void MakeRoom(int wanted)
    {
        if (_buffer.Length - _start >= wanted)
        {
            return;
        }

        var waiting = _end - _start;
        var target = _buffer.Length >= wanted ? _buffer : ArrayPool<byte>.Shared.Rent(wanted);
        _buffer.AsSpan(_start, waiting).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _start = 0;
        _end = waiting;
    }
}
