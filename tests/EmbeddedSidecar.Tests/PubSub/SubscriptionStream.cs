using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>The client's side of SubscribeTopicEventsAlpha1, frame by frame.</summary>
internal sealed class SubscriptionStream : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(20) };
    private readonly Pipe _upload = new();
    private HttpResponseMessage _response = null!;
    private Stream _download = null!;

    public static async Task<SubscriptionStream> OpenAsync(Uri address, SubscribeTopicEventsRequestInitialAlpha1 wanted)
    {
        var stream = new SubscriptionStream();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/dapr.proto.runtime.v1.Dapr/SubscribeTopicEventsAlpha1"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Upload(stream._upload.Reader) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.ParseAdd("trailers");
        await stream.SendAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = wanted });
        stream._response = await stream._http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        stream._download = await stream._response.Content.ReadAsStreamAsync();
        return stream;
    }

    public async Task<SubscribeTopicEventsResponseAlpha1> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var head = new byte[5];
        await _download.ReadExactlyAsync(head, limit.Token);
        var frame = new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(1))];
        await _download.ReadExactlyAsync(frame, limit.Token);
        return SubscribeTopicEventsResponseAlpha1.Parser.ParseFrom(frame);
    }

    public Task AnswerAsync(string id, TopicEventResponse.Types.TopicEventResponseStatus status) =>
        SendAsync(new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new() { Id = id, Status = new TopicEventResponse { Status = status } } });

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

    public async Task SendAsync(SubscribeTopicEventsRequestAlpha1 message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        await _upload.Writer.WriteAsync(frame);
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
