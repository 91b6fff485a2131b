using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;
using Grpc.Core;

namespace Dapr.Common;

/// <summary>A request body of exactly one message.</summary>
internal sealed class GrpcUnaryContent(IMessage message, int? maxMessageSize) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        GrpcFrame.WriteAsync(stream, message, maxMessageSize, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        GrpcFrame.WriteAsync(stream, message, maxMessageSize, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>A request body that stays open: messages go out as they are written. Used by duplex calls.</summary>
internal sealed class GrpcStreamContent(int? maxMessageSize) : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _writing = new(1, 1);

    public async Task WriteAsync(IMessage message, CancellationToken ct)
    {
        await _writing.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            var stream = await _opened.Task.WaitAsync(ct).ConfigureAwait(false);
            await GrpcFrame.WriteAsync(stream, message, maxMessageSize, ct).ConfigureAwait(false);
            await stream.FlushAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Says that no message follows.</summary>
    public void Complete() => _completed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Without this flush a server that speaks first would never see the call.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        _opened.TrySetResult(stream);
        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _opened.TrySetCanceled();
            _completed.TrySetResult();
            _writing.Dispose();
        }

        base.Dispose(disposing);
    }
}

internal static class GrpcFrame
{
    private const int HeaderSize = 5;

    public static async Task WriteAsync(Stream stream, IMessage message, int? maxMessageSize, CancellationToken ct)
    {
        var size = message.CalculateSize();
        if (size > maxMessageSize)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));
        }

        var buffer = ArrayPool<byte>.Shared.Rent(HeaderSize + size);
        try
        {
            buffer[0] = 0;
            BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(1), (uint)size);
            message.WriteTo(buffer.AsSpan(HeaderSize, size));
            await stream.WriteAsync(buffer.AsMemory(0, HeaderSize + size), ct).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
