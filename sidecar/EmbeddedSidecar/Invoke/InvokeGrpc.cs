using System.Globalization;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Telemetry;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.WebUtilities;

namespace EmbeddedSidecar.Invoke;

/// <summary>InvokeService: the older gRPC form of invocation, for apps that speak HTTP.</summary>
internal sealed class InvokeGrpc(AppDirectory apps)
{
    public async Task<InvokeResponse> InvokeAsync(GrpcCall call, InvokeServiceRequest request)
    {
        var targets = apps.Resolve(call.App, request.Id);
        var message = request.Message ?? throw new GrpcException(StatusCode.InvalidArgument, "the message is missing");
        message.Method = MethodPath.Normalize(request.Id, message.Method);
        ApiSpans.Invokes(targets[0].AppId, message.Method);
        if (targets[0].Settings.IsGrpcApp)
        {
            return await OnInvoke.AnswerGrpcAsync(call, request.Id, targets[0], message);
        }

        var verb = message.HttpExtension?.Verb ?? HTTPExtension.Types.Verb.None;
        var query = message.HttpExtension?.Querystring is { Length: > 0 } text ? "?" + text : "";
        var path = MethodPath.Escape(request.Id, message.Method) + query;
        try
        {
            var began = call.App.Metrics?.Now ?? 0;
            call.App.Metrics?.InvocationSent(targets[0].AppId);
            using var response = await call.App.Resiliency.ForApp(targets[0].AppId).RunAsync(
                ct => SendAsync(call, targets[0], message, verb, path, ct), call.Aborted);
            call.App.Metrics?.InvocationAnswered(targets[0].AppId, response.Status, began);
            return await ReadAsync(call, response.Message);
        }
        catch (HttpRequestException unreachable)
        {
            throw AppDirectory.Failed(request.Id, unreachable.Message, unreachable);
        }
    }

    private static async ValueTask<AppResponse> SendAsync(
        GrpcCall call, AppInstance target, InvokeRequest message, HTTPExtension.Types.Verb verb, string path, CancellationToken ct)
    {
        var method = verb == HTTPExtension.Types.Verb.None ? HttpMethod.Post : HttpMethod.Parse(verb.ToString().ToUpperInvariant());
        using var request = new HttpRequestMessage(method, target.Channel.Address(path));
        if (message.Data is { Value.Length: > 0 } data)
        {
            request.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(message.ContentType, out var type) ? type : new("application/json");
        }

        foreach (var (name, values) in call.Metadata)
        {
            if (!name.StartsWith(':') && !name.StartsWith("grpc-", StringComparison.Ordinal) && !IsTransport(name))
            {
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        using var span = ApiSpans.Received(target, message.Method);
        target.Metrics?.InvocationReceived(call.App.AppId);
        request.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(call.Metadata.TraceParent));
        if (target != call.App)
        {
            request.Headers.TryAddWithoutValidation("dapr-caller-app-id", call.App.AppId);
            request.Headers.TryAddWithoutValidation("dapr-callee-app-id", target.AppId);
        }

        var response = await target.Channel.SendAsync(request, ct);
        target.Metrics?.InvocationAnswerSent(call.App.AppId, response.Status);
        return response;
    }

    private static async Task<InvokeResponse> ReadAsync(GrpcCall call, HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync(call.Aborted);
        var status = (int)response.StatusCode;
        ReservedHeaders.Copy(response, call.ResponseMetadata);
        call.ResponseMetadata["dapr-http-status"] = status.ToString(CultureInfo.InvariantCulture);
        if (!response.IsSuccessStatusCode)
        {
            throw RpcStatus.FromHttp(Status(status), status, ReasonPhrases.GetReasonPhrase(status), System.Text.Encoding.UTF8.GetString(body));
        }

        return new InvokeResponse
        {
            Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
            ContentType = response.Content.Headers.ContentType?.ToString() ?? "",
        };
    }

    private static bool IsTransport(string name) => name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase) || name is "te" or "host" or "content-type" or "content-length" or "user-agent" or SidecarTokens.Header or TraceParent.Header;

    private static StatusCode Status(int http) => http switch
    {
        400 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        408 => StatusCode.Cancelled,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Unknown,
    };
}
