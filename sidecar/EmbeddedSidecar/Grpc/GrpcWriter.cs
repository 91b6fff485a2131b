using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace EmbeddedSidecar.Grpc;

/// <summary>Sends messages on a stream. Safe for several callers at once: each message is written whole, in some order.</summary>
internal sealed class GrpcWriter<T>(PipeWriter body, int maxMessageBytes) : IDisposable
    where T : class, IMessage<T>
{
    // Held while one message is copied and flushed; a slow reader makes all writers of this stream wait.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Writes and flushes one message; waits while the peer's window is full.</summary>
    public async ValueTask WriteAsync(T message, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            GrpcFrame.Write(body, message, maxMessageBytes);
            await body.FlushAsync(ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}

internal static class GrpcFrame
{
    public static void Write(PipeWriter body, IMessage message, int maxMessageBytes)
    {
        var size = message.CalculateSize();
        if (size > maxMessageBytes)
        {
            throw new GrpcException(
                StatusCode.ResourceExhausted, $"grpc: trying to send message larger than max ({size} vs. {maxMessageBytes})");
        }

        var head = body.GetSpan(5);
        head[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(head[1..], (uint)size);
        body.Advance(5);
        message.WriteTo(body);
    }
}
