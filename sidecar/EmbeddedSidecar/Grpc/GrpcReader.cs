using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace EmbeddedSidecar.Grpc;

/// <summary>The messages of one direction of a call, one reader at a time.</summary>
internal sealed class GrpcReader<T>(PipeReader body, MessageParser<T> parser, int maxMessageBytes)
    where T : class, IMessage<T>
{
    /// <summary>The next message, or null when the peer has ended its side.</summary>
    /// <exception cref="GrpcException">Compressed, too large, truncated or not of this type.</exception>
    public async ValueTask<T?> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            var read = await body.ReadAsync(ct);
            var buffer = read.Buffer;
            if (TryParse(ref buffer, out var message))
            {
                body.AdvanceTo(buffer.Start);
                return message;
            }

            if (read.IsCompleted)
            {
                var left = buffer.Length;
                body.AdvanceTo(buffer.End);
                return left == 0 ? null : throw new GrpcException(StatusCode.Internal, "The stream ended in the middle of a message.");
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private bool TryParse(ref ReadOnlySequence<byte> buffer, out T? message)
    {
        message = null;
        if (buffer.Length < 5)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[5];
        buffer.Slice(0, 5).CopyTo(head);
        if (head[0] != 0)
        {
            throw new GrpcException(StatusCode.Unimplemented, "Compressed messages are not supported; send grpc-encoding identity.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(head[1..]);
        if (length > maxMessageBytes)
        {
            throw new GrpcException(
                StatusCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {maxMessageBytes})");
        }

        if (buffer.Length - 5 < length)
        {
            return false;
        }

        try
        {
            message = parser.ParseFrom(buffer.Slice(5, length));
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new GrpcException(StatusCode.Internal, $"The message is not a {typeof(T).Name}: {broken.Message}");
        }

        buffer = buffer.Slice(5 + length);
        return true;
    }
}
