using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dapr.Common;

/// <summary>
/// One gRPC call over HTTP/2. Reading it top to bottom: build the request, send, check the response's headers (a failure without a
/// message comes in them), hand out frames, and when the body has ended judge the trailers.
/// </summary>
internal sealed class GrpcCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcChannel _channel;
    private readonly MessageParser<TResponse> _parser;
    private readonly CancellationToken _callerToken;
    private readonly CancellationTokenSource _ended;
    private readonly bool _hasDeadline;
    private HttpResponseMessage? _response;
    private GrpcFrameReader? _frames;

    private GrpcCall(GrpcChannel channel, MessageParser<TResponse> parser, TimeSpan? timeout, CancellationToken ct)
    {
        _channel = channel;
        _parser = parser;
        _callerToken = ct;
        _ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (timeout is { } limit)
        {
            _hasDeadline = true;
            _ended.CancelAfter(limit);
        }
    }

    /// <summary>Sends the request and returns once the response's headers are there.</summary>
    public static async Task<GrpcCall<TResponse>> StartAsync(
        GrpcChannel channel,
        string method,
        HttpContent content,
        MessageParser<TResponse> parser,
        Metadata? headers,
        TimeSpan? timeout,
        CancellationToken ct)
    {
        ct.ThrowIfCancellationRequestedAs(channel);
        var call = new GrpcCall<TResponse>(channel, parser, timeout, ct);
        try
        {
            // The request is disposed with the response: disposing it here would end a request stream that is still being written.
            var request = Request(channel, method, content, headers, timeout);
            call._response = channel.Http is HttpClient client
                ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, call._ended.Token).ConfigureAwait(false)
                : await channel.Http.SendAsync(request, call._ended.Token).ConfigureAwait(false);
            GrpcStatus.ThrowUnlessGrpc(call._response);
            call._frames = new GrpcFrameReader(
                await call._response.Content.ReadAsStreamAsync(call._ended.Token).ConfigureAwait(false),
                channel.Options.MaxReceiveMessageSize);
            return call;
        }
        catch (Exception failure) when (GrpcStatus.IsTransport(failure))
        {
            var translated = call.Translate(failure);
            call.Dispose();
            throw translated;
        }
        catch (RpcException)
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>The next message, or null when the server ended the call with OK.</summary>
    public async ValueTask<TResponse?> NextAsync()
    {
        try
        {
            var message = await _frames!.ReadAsync(_parser, _ended.Token).ConfigureAwait(false);
            if (message is null)
            {
                GrpcStatus.ThrowUnlessOk(_response!);
            }

            return message;
        }
        catch (Exception failure) when (GrpcStatus.IsTransport(failure))
        {
            throw Translate(failure);
        }
    }

    /// <summary>Gives up; whoever waits for the next message is told so.</summary>
    public void Cancel() => _ended.Cancel();

    public void Dispose()
    {
        // Cancelling first resets the stream where the server has not ended it; otherwise it does nothing.
        _ended.Cancel();
        _frames?.Dispose();
        _response?.RequestMessage?.Dispose();
        _response?.Dispose();
        _ended.Dispose();
    }

    private static HttpRequestMessage Request(GrpcChannel channel, string method, HttpContent content, Metadata? headers, TimeSpan? timeout)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(channel.Address, method))
        {
            Version = channel.Options.HttpVersion ?? HttpVersion.Version20,
            VersionPolicy = channel.Options.HttpVersionPolicy ?? HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (timeout is { } limit)
        {
            request.Headers.TryAddWithoutValidation("grpc-timeout", GrpcStatus.FormatTimeout(limit));
        }

        foreach (var entry in headers ?? Metadata.Empty)
        {
            request.Headers.TryAddWithoutValidation(entry.Key, entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes).TrimEnd('=') : entry.Value);
        }

        return request;
    }

    private Exception Translate(Exception failure)
    {
        if (_ended.IsCancellationRequested && failure is OperationCanceledException or IOException or HttpRequestException)
        {
            var byCaller = _callerToken.IsCancellationRequested;
            if (byCaller || _hasDeadline)
            {
                if (_channel.Options.ThrowOperationCanceledOnCancellation)
                {
                    return new OperationCanceledException(failure.Message, failure, byCaller ? _callerToken : _ended.Token);
                }

                return byCaller
                    ? new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client.", failure))
                    : new RpcException(new Status(StatusCode.DeadlineExceeded, "", failure));
            }
        }

        return new RpcException(GrpcStatus.FromTransport(failure));
    }
}

internal static class GrpcCancellation
{
    /// <summary>A token that is cancelled already never reaches the wire.</summary>
    public static void ThrowIfCancellationRequestedAs(this CancellationToken ct, GrpcChannel channel)
    {
        if (!ct.IsCancellationRequested)
        {
            return;
        }

        throw channel.Options.ThrowOperationCanceledOnCancellation
            ? new OperationCanceledException(ct)
            : new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client."));
    }
}
