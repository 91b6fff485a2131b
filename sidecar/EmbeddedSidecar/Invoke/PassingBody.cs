using System.Net;

namespace EmbeddedSidecar.Invoke;

/// <summary>The body of a call on its way to the app. Every piece goes on at once: its caller may wait for an answer to it before there is more.</summary>
internal sealed class PassingBody(HttpRequest request) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            foreach (var piece in read.Buffer)
            {
                await stream.WriteAsync(piece, cancellationToken);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }

            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
