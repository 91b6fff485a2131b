using System.Buffers;
using System.Net;

namespace Eco2.Gateway.Forwarding;

/// <summary>The body of a request on its way through: sent on as it arrives, never held whole, counted and timed.</summary>
internal sealed class ForwardedBody(HttpRequest request, long limit, TimeSpan within) : HttpContent
{
    /// <summary>More came than the route takes.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>It did not arrive in time.</summary>
    public bool IsTooSlow { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(within);
        try
        {
            await CopyAsync(request.Body, stream, limit, time.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            IsTooSlow = true;
            throw new IOException("The body took too long to arrive.");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = request.ContentLength ?? 0;
        return request.ContentLength is not null;
    }

    /// <summary>Passes each piece on before it waits for the next.</summary>
    public static Task CopyAsync(Stream from, Stream to, CancellationToken ct) => CopyAsync(from, to, long.MaxValue, tooLarge: null, ct);

    private Task CopyAsync(Stream from, Stream to, long atMost, CancellationToken ct) => CopyAsync(from, to, atMost, () => IsTooLarge = true, ct);

    private static async Task CopyAsync(Stream from, Stream to, long atMost, Action? tooLarge, CancellationToken ct)
    {
        while (true)
        {
            // Waits without a buffer: thousands of event streams are open and silent most of the time.
#pragma warning disable CA2022 // It reads nothing, so there is no length to look at.
            await from.ReadAsync(Memory<byte>.Empty, ct);
#pragma warning restore CA2022
            var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
            try
            {
                var read = await from.ReadAsync(buffer, ct);
                if (read == 0)
                {
                    return;
                }

                atMost -= read;
                if (atMost < 0)
                {
                    tooLarge?.Invoke();
                    throw new IOException("The body is larger than allowed.");
                }

                await to.WriteAsync(buffer.AsMemory(0, read), ct);
                await to.FlushAsync(ct);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
