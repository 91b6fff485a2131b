using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Telemetry;
using Google.Protobuf;

namespace EmbeddedSidecar.Apps;

/// <summary>Calls an app that speaks gRPC: one message there, one back, over HTTP/2 without TLS.</summary>
internal sealed class AppCallback(AppInstance app)
{
    public const string Service = "/dapr.proto.runtime.v1.AppCallback/";
    public const string Alpha = "/dapr.proto.runtime.v1.AppCallbackAlpha/";

    /// <param name="metadata">Sent along; the app's token and a trace are added.</param>
    /// <exception cref="GrpcException">The app answered with another status than OK, or cannot be understood.</exception>
    /// <exception cref="HttpRequestException">The app is not reachable.</exception>
    public Task<AppReply<T>> CallAsync<T>(
        string path, IMessage request, MessageParser<T> parser, IEnumerable<KeyValuePair<string, string>> metadata, CancellationToken ct)
        where T : IMessage<T> =>
        app.Metrics is { } metrics ? CountedAsync(metrics, path, request, parser, metadata, ct) : SendAsync(path, request, parser, metadata, ct);

    private async Task<AppReply<T>> CountedAsync<T>(
        DaprMetrics metrics, string path, IMessage request, MessageParser<T> parser, IEnumerable<KeyValuePair<string, string>> metadata, CancellationToken ct)
        where T : IMessage<T>
    {
        var began = metrics.Now;
        var code = StatusCode.Unavailable;
        try
        {
            var reply = await SendAsync(path, request, parser, metadata, ct);
            code = StatusCode.OK;
            return reply;
        }
        catch (GrpcException refused)
        {
            code = refused.Code;
            throw;
        }
        finally
        {
            metrics.GrpcCalled(path, code, began);
        }
    }

    private async Task<AppReply<T>> SendAsync<T>(
        string path, IMessage request, MessageParser<T> parser, IEnumerable<KeyValuePair<string, string>> metadata, CancellationToken ct)
        where T : IMessage<T>
    {
        using var message = Post(path, request);
        foreach (var (name, value) in metadata)
        {
            message.Headers.TryAddWithoutValidation(name.ToLowerInvariant(), value);
        }

        using var response = await app.Channel.SendAsync(message, ct);
        if (!response.IsSuccess)
        {
            throw new GrpcException(
                response.Status == StatusCodes.Status404NotFound ? StatusCode.Unimplemented : StatusCode.Unavailable, $"the app answered HTTP status {response.Status}");
        }

        var body = await response.Message.Content.ReadAsByteArrayAsync(ct);
        Check(response.Message);
        if (body.Length < 5 || body[0] != 0 || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)) != body.Length - 5)
        {
            throw new GrpcException(StatusCode.Internal, "the app's answer is not one uncompressed message");
        }

        var headers = response.Message.Headers.NonValidated.SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)));
        return new AppReply<T>(parser.ParseFrom(body.AsSpan(5)), [.. headers.Where(header => !header.Key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase))]);
    }

    /// <summary>The same at a method of 1.18, or where an older app has it.</summary>
    public async Task<AppReply<T>> CallEitherAsync<T>(string stable, string alpha, IMessage request, MessageParser<T> parser, IEnumerable<KeyValuePair<string, string>> metadata, CancellationToken ct)
        where T : IMessage<T>
    {
        try
        {
            return await CallAsync(Service + stable, request, parser, metadata, ct);
        }
        catch (GrpcException missing) when (missing.Code == StatusCode.Unimplemented)
        {
            return await CallAsync(Alpha + alpha, request, parser, metadata, ct);
        }
    }

    /// <summary>Asks for the app's health; returns when the answer is OK.</summary>
    /// <exception cref="GrpcException">It is another.</exception>
    public async Task ProbeAsync(string path, IMessage request, CancellationToken ct)
    {
        using var message = Post(path, request);
        using var response = await app.Channel.ProbeAsync(message, ct);
        await response.Content.CopyToAsync(Stream.Null, ct);
        Check(response);
    }

    private HttpRequestMessage Post(string path, IMessage request)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, app.Channel.Address(path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)) { Headers = { ContentType = new MediaTypeHeaderValue(GrpcProtocol.ContentType) } },
        };
        message.Headers.TE.ParseAdd("trailers");
        return message;
    }

    private static byte[] Frame(IMessage message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)(frame.Length - 5));
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }

    // The status is in the trailers, or in the headers when there was no message.
    private static void Check(HttpResponseMessage response)
    {
        var from = response.TrailingHeaders.NonValidated.Contains("grpc-status") ? response.TrailingHeaders : (HttpHeaders)response.Headers;
        var status = from.NonValidated.TryGetValues("grpc-status", out var code) ? code.ToString() : "";
        if (status == "0")
        {
            return;
        }

        var detail = from.NonValidated.TryGetValues("grpc-message", out var text) ? Uri.UnescapeDataString(text.ToString()) : "";
        throw new GrpcException(int.TryParse(status, out var number) && number is > 0 and <= 16 ? (StatusCode)number : StatusCode.Unknown, detail);
    }
}

/// <param name="Headers">Answer metadata.</param>
internal sealed record AppReply<T>(T Message, IReadOnlyList<KeyValuePair<string, string>> Headers);
