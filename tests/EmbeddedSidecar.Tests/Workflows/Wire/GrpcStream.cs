using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace EmbeddedSidecar.Tests.Workflows.Wire;

/// <summary>The client's side of a call that streams both ways, frame by frame.</summary>
internal sealed class GrpcStream<TRequest, TResponse> : IAsyncDisposable
    where TRequest : IMessage
    where TResponse : IMessage<TResponse>, new()
{
    private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly Pipe _upload = new();
    private HttpResponseMessage _response = null!;
    private Stream _download = null!;

    /// <param name="first">Sent before the answer begins: some calls give no headers until they have it.</param>
    public static async Task<GrpcStream<TRequest, TResponse>> OpenAsync(Uri address, string path, params TRequest[] first)
    {
        var stream = new GrpcStream<TRequest, TResponse>();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Upload(stream._upload.Reader) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.ParseAdd("trailers");
        foreach (var message in first)
        {
            await stream.SendAsync(message);
        }

        stream._response = await stream._http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        stream._download = await stream._response.Content.ReadAsStreamAsync();
        return stream;
    }

    public async Task<TResponse> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var head = new byte[5];
        await _download.ReadExactlyAsync(head, limit.Token);
        var frame = new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(1))];
        await _download.ReadExactlyAsync(frame, limit.Token);
        var message = new TResponse();
        message.MergeFrom(frame);
        return message;
    }

    public async Task SendAsync(TRequest message) => await _upload.Writer.WriteAsync(GrpcWire.Frame(message));

    /// <summary>Reads to the end of the answer and tells its status.</summary>
    public async Task<string> StatusAsync()
    {
        await _download.CopyToAsync(Stream.Null);
        return _response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.First() : _response.Headers.GetValues("grpc-status").First();
    }

    public async ValueTask DisposeAsync()
    {
        await _upload.Writer.CompleteAsync();
        _response.Dispose();
        _http.Dispose();
    }

    // Sends each piece at once; StreamContent would keep small ones back.
    private sealed class Upload(PipeReader source) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            while (true)
            {
                var read = await source.ReadAsync();
                foreach (var piece in read.Buffer)
                {
                    await stream.WriteAsync(piece);
                }

                source.AdvanceTo(read.Buffer.End);
                await stream.FlushAsync();
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
