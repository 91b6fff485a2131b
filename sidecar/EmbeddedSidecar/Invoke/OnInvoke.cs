using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Invoke;

/// <summary>Service invocation of an app that speaks gRPC: AppCallback.OnInvoke.</summary>
internal static class OnInvoke
{
    private static readonly Dictionary<StatusCode, int> HttpStatus = new()
    {
        [StatusCode.Cancelled] = 408,
        [StatusCode.InvalidArgument] = 400,
        [StatusCode.DeadlineExceeded] = 504,
        [StatusCode.NotFound] = 404,
        [StatusCode.AlreadyExists] = 409,
        [StatusCode.PermissionDenied] = 403,
        [StatusCode.Unauthenticated] = 401,
        [StatusCode.ResourceExhausted] = 429,
        [StatusCode.FailedPrecondition] = 400,
        [StatusCode.Aborted] = 409,
        [StatusCode.OutOfRange] = 400,
        [StatusCode.Unimplemented] = 501,
        [StatusCode.Unavailable] = 503,
    };

    /// <summary>The call of an HTTP caller; the app's refusal becomes an HTTP status with code and message as JSON.</summary>
    public static async Task AnswerHttpAsync(ApiCall call, string appId, AppInstance target, string path)
    {
        var body = await call.BodyAsync();
        var http = call.Http.Request;
        var request = new InvokeRequest
        {
            Method = path,
            Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
            ContentType = http.ContentType ?? "",
            HttpExtension = new HTTPExtension
            {
                Verb = System.Enum.TryParse<HTTPExtension.Types.Verb>(http.Method, ignoreCase: true, out var verb) ? verb : HTTPExtension.Types.Verb.None,
                Querystring = http.QueryString.Value?.TrimStart('?') ?? "",
            },
        };
        try
        {
            var reply = await SendAsync(call.App, target, request, Metadata(call.App, target, http.Headers), call.Aborted);
            foreach (var group in reply.Headers.GroupBy(header => header.Key, StringComparer.OrdinalIgnoreCase).Where(group => IsForCaller(group.Key)))
            {
                call.Http.Response.Headers[group.Key] = new([.. group.Select(header => header.Value)]);
            }

            var type = reply.Message.ContentType is { Length: > 0 } told ? told : "application/json";
            await call.BytesAsync(reply.Message.Data?.Value.Memory ?? default, type);
        }
        catch (GrpcException refused)
        {
            await call.JsonAsync(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteNumber("code", (int)refused.Code);
                    json.WriteString("message", refused.Detail);
                    json.WriteEndObject();
                },
                HttpStatus.GetValueOrDefault(refused.Code, 500));
        }
        catch (HttpRequestException unreachable)
        {
            throw AppDirectory.Failed(appId, unreachable.Message, unreachable);
        }
    }

    /// <summary>The call of a gRPC caller; the app's status and metadata are passed on.</summary>
    public static async Task<InvokeResponse> AnswerGrpcAsync(GrpcCall call, string appId, AppInstance target, InvokeRequest request)
    {
        try
        {
            var reply = await SendAsync(call.App, target, request, Metadata(call.App, target, call.Metadata), call.Aborted);
            foreach (var header in reply.Headers.Where(header => IsForCaller(header.Key)))
            {
                call.ResponseMetadata.Append(header.Key, header.Value);
            }

            return reply.Message;
        }
        catch (HttpRequestException unreachable)
        {
            throw AppDirectory.Failed(appId, unreachable.Message, unreachable);
        }
    }

    private static async Task<AppReply<InvokeResponse>> SendAsync(
        AppInstance caller, AppInstance target, InvokeRequest request, List<KeyValuePair<string, string>> metadata, CancellationToken ct) =>
        await caller.Resiliency.ForApp(target.AppId).RunAsync(
            async token => await new AppCallback(target).CallAsync(AppCallback.Service + "OnInvoke", request, InvokeResponse.Parser, metadata, token), ct);

    private static List<KeyValuePair<string, string>> Metadata(AppInstance caller, AppInstance target, IHeaderDictionary headers)
    {
        var metadata = new List<KeyValuePair<string, string>>
        {
            new(TraceParent.Header, TraceParent.Next(headers.TraceParent)),
            new("dapr-caller-app-id", caller.AppId),
            new("dapr-callee-app-id", target.AppId),
        };
        foreach (var (name, values) in headers)
        {
            var skip = name.StartsWith(':') || name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase)
                || name.ToUpperInvariant() is "TRACEPARENT" or "TE" or "HOST" or "CONTENT-TYPE" or "CONTENT-LENGTH" or "USER-AGENT";
            if (!skip && ReservedHeaders.AsMetadata(name) is { } key)
            {
                metadata.AddRange(values.OfType<string>().Select(value => KeyValuePair.Create(key, value)));
            }
        }

        return metadata;
    }

    private static bool IsForCaller(string name) => name.ToUpperInvariant() is not ("CONTENT-TYPE" or "DATE" or "SERVER" or "CONTENT-LENGTH" or "TRANSFER-ENCODING");
}
