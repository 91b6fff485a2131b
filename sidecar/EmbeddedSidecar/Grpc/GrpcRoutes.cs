using System.Globalization;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Invoke;
using EmbeddedSidecar.Telemetry;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;

namespace EmbeddedSidecar.Grpc;

/// <summary>The gRPC methods of the sidecar, by path. Written by hand because no gRPC server package is to be had here.</summary>
internal sealed partial class GrpcRoutes(ILogger<GrpcRoutes> log)
{
    private readonly Dictionary<string, Method> _methods = new(StringComparer.Ordinal);

    /// <summary>Takes the calls of other services, if they name an app.</summary>
    public GrpcProxy? Proxy { get; set; }

    /// <summary>One message in, one message out.</summary>
    public void MapUnary<TRequest, TResponse>(
        string path, MessageParser<TRequest> parser, Func<GrpcCall, TRequest, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        _methods.Add(path, new(false, async (http, call) =>
        {
            var max = call.App.MaxBodyBytes;
            var request = await ReadSingle(http, parser, max, call.Aborted);
            var response = await handler(call, request);
            http.Response.ContentType = GrpcProtocol.ContentType;
            GrpcFrame.Write(http.Response.BodyWriter, response, max);
            await http.Response.BodyWriter.FlushAsync(call.Aborted);
        }));

    /// <summary>One message in, any number out. Headers are sent before the handler starts, so a waiting client is not stuck.</summary>
    public void MapServerStream<TRequest, TResponse>(
        string path, MessageParser<TRequest> parser, Func<GrpcCall, TRequest, GrpcWriter<TResponse>, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        _methods.Add(path, new(true, async (http, call) =>
        {
            var max = call.App.MaxBodyBytes;
            var request = await ReadSingle(http, parser, max, call.Aborted);
            await SendHeaders(http, call.Aborted);
            using var writer = new GrpcWriter<TResponse>(http.Response.BodyWriter, max);
            await handler(call, request, writer);
        }));

    /// <summary>Messages both ways, in any order.</summary>
    /// <param name="headersFirst">Sends headers before the handler starts, so that a client that waits for them is not stuck; else they go with
    /// the first message, and a refusal before it is an answer without headers of its own, as of a single call.</param>
    public void MapDuplex<TRequest, TResponse>(
        string path, MessageParser<TRequest> parser, Func<GrpcCall, GrpcReader<TRequest>, GrpcWriter<TResponse>, Task> handler, bool headersFirst = true)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        _methods.Add(path, new(true, async (http, call) =>
        {
            http.Response.ContentType = GrpcProtocol.ContentType;
            if (headersFirst)
            {
                await SendHeaders(http, call.Aborted);
            }

            var max = call.App.MaxBodyBytes;
            using var writer = new GrpcWriter<TResponse>(http.Response.BodyWriter, max);
            await handler(call, new GrpcReader<TRequest>(http.Request.BodyReader, parser, max), writer);
        }));

    /// <summary>Answers a request that arrived on a gRPC port.</summary>
    public Task DispatchAsync(HttpContext http, AppInstance app) =>
        app.Metrics is null && app.Tracer is null ? AnswerAsync(http, app) : ObservedAsync(http, app);

    // A stream is counted when it ends, and has no span: it may stay open for days.
    private async Task ObservedAsync(HttpContext http, AppInstance app)
    {
        var path = http.Request.Path.Value ?? "";
        var known = _methods.TryGetValue(path, out var method);
        var began = app.Metrics?.Now ?? 0;
        var span = ApiSpans.Begin(http, app, path, method.IsStream);
        await AnswerAsync(http, app);
        var (code, detail) = GrpcProtocol.StatusOf(http.Response);
        ApiSpans.End(span, code, detail);
        app.Metrics?.GrpcServed(known ? path : "other", code, began);
    }

    private async Task AnswerAsync(HttpContext http, AppInstance app)
    {
        if (!HttpMethods.IsPost(http.Request.Method) || !GrpcProtocol.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        // The size of a message is checked frame by frame; a stream as a whole has no limit.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bodySize)
        {
            bodySize.MaxRequestBodySize = null;
        }

        var timeoutHeader = http.Request.Headers["grpc-timeout"].ToString();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, app.Stopping);
        if (GrpcProtocol.TryParseTimeout(timeoutHeader, out var timeout))
        {
            deadline.CancelAfter(timeout);
        }

        try
        {
            if (!app.Tokens.IsCallerAllowed(http.Request.Headers))
            {
                throw RpcStatus.Unauthorized();
            }

            if (!_methods.TryGetValue(http.Request.Path.Value ?? "", out var method))
            {
                if (Proxy is not null && GrpcProxy.IsAsked(http.Request))
                {
                    await Proxy.ForwardAsync(http, app, deadline.Token);
                    return;
                }

                // What Dapr has no method for is meant for an app, which must be named.
                throw new GrpcException(StatusCode.Unknown, "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found");
            }

            await method.AnswerAsync(http, new GrpcCall(http, app, deadline.Token));
            End(http, StatusCode.OK, "", null);
        }
        catch (GrpcException refused)
        {
            End(http, refused.Code, refused.Detail, refused.StatusDetails);
        }
        catch (DaprException refused)
        {
            End(http, refused.GrpcStatus, refused.Message, RpcStatus.Encode(refused));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            EndCancelled(http, app);
        }
        catch (IOException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up while we read or wrote: nobody is left to answer.
            EndCancelled(http, app);
        }
#pragma warning disable CA1031 // The edge of the process: whatever a handler lets escape becomes a status, never a torn connection.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            Failed(log, unexpected, http.Request.Path.Value, app.AppId);
            End(http, StatusCode.Internal, unexpected.Message, null);
        }
    }

    private static void EndCancelled(HttpContext http, AppInstance app)
    {
        if (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (app.Stopping.IsCancellationRequested)
        {
            End(http, StatusCode.Unavailable, "The sidecar is shutting down.", null);
        }
        else
        {
            End(http, StatusCode.DeadlineExceeded, "context deadline exceeded", null);
        }
    }

    private static async ValueTask<T> ReadSingle<T>(HttpContext http, MessageParser<T> parser, int max, CancellationToken ct)
        where T : class, IMessage<T> =>
        await new GrpcReader<T>(http.Request.BodyReader, parser, max).ReadAsync(ct)
        ?? throw new GrpcException(StatusCode.Internal, "The call carries no message.");

    private static async Task SendHeaders(HttpContext http, CancellationToken ct)
    {
        http.Response.ContentType = GrpcProtocol.ContentType;
        await http.Response.StartAsync(ct);
        await http.Response.BodyWriter.FlushAsync(ct);
    }

    // Trailers-only when nothing was sent: the status travels as a header of the one and only HEADERS frame.
    private static void End(HttpContext http, StatusCode code, string detail, byte[]? statusDetails)
    {
        var started = http.Response.HasStarted;
        if (!started)
        {
            http.Response.ContentType = GrpcProtocol.ContentType;
        }

        Put("grpc-status", ((int)code).ToString(CultureInfo.InvariantCulture));
        if (detail.Length > 0)
        {
            Put("grpc-message", GrpcProtocol.EncodeMessage(detail));
        }

        if (statusDetails is not null)
        {
            Put("grpc-status-details-bin", Convert.ToBase64String(statusDetails).TrimEnd('='));
        }

        void Put(string name, string value)
        {
            if (started)
            {
                http.Response.AppendTrailer(name, value);
            }
            else
            {
                http.Response.Headers[name] = value;
            }
        }
    }

    private readonly record struct Method(bool IsStream, Func<HttpContext, GrpcCall, Task> AnswerAsync);

    [LoggerMessage(Level = LogLevel.Error, Message = "gRPC method {Path} of app {AppId} failed")]
    private static partial void Failed(ILogger log, Exception error, string? path, string appId);
}
