using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace EmbeddedSidecar.Tests.Workflows.Wire;

/// <summary>A call ended with a status other than OK.</summary>
internal sealed class WireException(int code, string message) : Exception($"{code}: {message}")
{
    public int Code { get; } = code;

    public string Detail { get; } = message;
}

/// <summary>gRPC spoken by hand, frame by frame, knowing nothing of the product's code.</summary>
internal sealed class GrpcWire(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true })
    {
        BaseAddress = address,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<TResponse> UnaryAsync<TResponse>(string path, IMessage request, TimeSpan? deadline = null, CancellationToken ct = default)
        where TResponse : IMessage<TResponse>, new()
    {
        using var response = await SendAsync(path, request, deadline, ct);
        var body = await response.Content.ReadAsByteArrayAsync(ct);
        Check(response);
        var message = new TResponse();
        message.MergeFrom(body.AsSpan(5, (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1))));
        return message;
    }

    public async IAsyncEnumerable<TResponse> StreamAsync<TResponse>(string path, IMessage request, [EnumeratorCancellation] CancellationToken ct)
        where TResponse : IMessage<TResponse>, new()
    {
        using var response = await SendAsync(path, request, null, ct);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var head = new byte[5];
        while (await body.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false, ct) == 5)
        {
            var frame = new byte[BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(1))];
            await body.ReadExactlyAsync(frame, ct);
            var message = new TResponse();
            message.MergeFrom(frame);
            yield return message;
        }

        Check(response);
    }

    public void Dispose() => _http.Dispose();

    public static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    private async Task<HttpResponseMessage> SendAsync(string path, IMessage request, TimeSpan? deadline, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        message.Headers.TE.ParseAdd("trailers");
        if (deadline is { } within)
        {
            message.Headers.Add("grpc-timeout", $"{(long)within.TotalMilliseconds}m");
        }

        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ct);
    }

    private static void Check(HttpResponseMessage response)
    {
        var code = Value("grpc-status");
        if (code != "0")
        {
            throw new WireException(int.Parse(code ?? "2", System.Globalization.CultureInfo.InvariantCulture), Uri.UnescapeDataString(Value("grpc-message") ?? ""));
        }

        string? Value(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailer) ? trailer.First()
            : response.Headers.TryGetValues(name, out var header) ? header.First()
            : null;
    }
}
