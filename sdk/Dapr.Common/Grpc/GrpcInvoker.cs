using System.Runtime.CompilerServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Dapr.Common;

/// <summary>The call shapes this SDK needs, over a channel, with the headers every call of a client carries.</summary>
internal sealed class GrpcInvoker(GrpcChannel channel, string service, string? apiToken)
{
    public async Task<TResponse> UnaryAsync<TResponse>(
        string method,
        IMessage request,
        MessageParser<TResponse> parser,
        CancellationToken ct,
        TimeSpan? timeout = null,
        bool plain = false)
        where TResponse : class, IMessage<TResponse>
    {
        using var call = await StartAsync(method, Single(request), parser, timeout, plain, ct).ConfigureAwait(false);
        var response = await call.NextAsync().ConfigureAwait(false)
            ?? throw new RpcException(new Status(StatusCode.Internal, "Failed to deserialize response message."));
        if (await call.NextAsync().ConfigureAwait(false) is not null)
        {
            throw new RpcException(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
        }

        return response;
    }

    /// <summary>The stable method, and where the runtime lacks it the Alpha1 method of the same messages.</summary>
    public async Task<TResponse> UnaryOrAlpha1Async<TResponse>(string method, IMessage request, MessageParser<TResponse> parser, CancellationToken ct)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await UnaryAsync(method, request, parser, ct).ConfigureAwait(false);
        }
        catch (RpcException failure) when (IsMissing(failure))
        {
            return await UnaryAsync(method + "Alpha1", request, parser, ct).ConfigureAwait(false);
        }
    }

    public Task<GrpcCall<TResponse>> ServerStreamAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> parser, CancellationToken ct)
        where TResponse : class, IMessage<TResponse> =>
        StartAsync(method, Single(request), parser, timeout: null, plain: false, ct);

    /// <summary>Both sides send as they like; the caller writes to <paramref name="requests"/> and completes it.</summary>
    public async IAsyncEnumerable<TResponse> DuplexAsync<TResponse>(
        string method,
        GrpcStreamContent requests,
        MessageParser<TResponse> parser,
        [EnumeratorCancellation] CancellationToken ct)
        where TResponse : class, IMessage<TResponse>
    {
        using var call = await StartAsync(method, requests, parser, timeout: null, plain: false, ct).ConfigureAwait(false);
        while (await call.NextAsync().ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>A body for <see cref="DuplexAsync"/>.</summary>
    public GrpcStreamContent OpenRequests() => new(channel.Options.MaxSendMessageSize);

    // A runtime that lacks the method hands the call to its gRPC proxy, which answers Unknown and misses an app id.
    private static bool IsMissing(RpcException failure) =>
        failure.StatusCode == StatusCode.Unimplemented
        || (failure.StatusCode == StatusCode.Unknown
            && failure.Status.Detail.Contains("dapr-callee-app-id or dapr-app-id not found", StringComparison.Ordinal));

    private GrpcUnaryContent Single(IMessage request) => new(request, channel.Options.MaxSendMessageSize);

    private Task<GrpcCall<TResponse>> StartAsync<TResponse>(
        string method,
        HttpContent content,
        MessageParser<TResponse> parser,
        TimeSpan? timeout,
        bool plain,
        CancellationToken ct)
        where TResponse : class, IMessage<TResponse> =>
        GrpcCall<TResponse>.StartAsync(channel, $"/{service}/{method}", content, parser, plain ? null : DaprHeaders.ForCall(apiToken), timeout, ct);
}
