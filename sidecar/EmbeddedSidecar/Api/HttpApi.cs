using System.Buffers;
using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Telemetry;
using Microsoft.AspNetCore.Http.Features;

namespace EmbeddedSidecar.Api;

/// <summary>Answers what arrives on an HTTP port: checks the token, finds the route, renders refusals as Dapr does.</summary>
internal sealed partial class HttpApi(HttpRoutes routes, ILogger<HttpApi> log)
{
    // Go's server reads so much more than it is told to.
    private const int Slack = 4096;

    public Task DispatchAsync(HttpContext http, AppInstance app) =>
        app.Metrics is null && app.Tracer is null ? AnswerAsync(http, app, Path(http)) : ObservedAsync(http, app, Path(http));

    private async Task ObservedAsync(HttpContext http, AppInstance app, string path)
    {
        var began = app.Metrics?.Now ?? 0;
        var span = ApiSpans.Begin(http, app, path);
        try
        {
            await AnswerAsync(http, app, path);
        }
        finally
        {
            ApiSpans.End(span, http.Response.StatusCode);
            app.Metrics?.HttpServed(http.Request.Method, http.Response.StatusCode, began);
        }
    }

    private async Task AnswerAsync(HttpContext http, AppInstance app, string path)
    {
        try
        {
            if (IsHeadTooLarge(http, app.Settings.ReadBufferBytes + Slack))
            {
                http.Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
                http.Response.Headers.Connection = "close";
                await http.Response.WriteAsync("431 Request Header Fields Too Large", http.RequestAborted);
                return;
            }

            if (!path.StartsWith("/v1.0/healthz", StringComparison.Ordinal) && !app.Tokens.IsCallerAllowed(http.Request.Headers))
            {
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
                http.Response.ContentType = "text/plain; charset=utf-8";
                http.Response.Headers.XContentTypeOptions = "nosniff";
                await http.Response.WriteAsync("invalid api token\n", http.RequestAborted);
                return;
            }

            var handler = routes.Find(http.Request.Method, path, out var args) ?? throw InvokedApp.Unnamed();
            var call = new ApiCall(http, app, args);
            if (http.Request.ContentLength > app.MaxBodyBytes)
            {
                // Without a limit the server reads the rest away, so that the caller gets to see the answer.
                call.LimitBody(null);
                throw new DaprException("ERR_BODY_READ", 413, StatusCode.ResourceExhausted, $"the body is larger than {app.MaxBodyBytes} bytes");
            }

            call.LimitBody(app.MaxBodyBytes);
            await handler(call);
        }
        catch (DaprException refused)
        {
            await RefuseAsync(http, refused);
        }
        catch (BadHttpRequestException broken)
        {
            await RefuseAsync(http, new DaprException("ERR_BODY_READ", broken.StatusCode, StatusCode.InvalidArgument, broken.Message));
        }
        catch (Exception gone) when (http.RequestAborted.IsCancellationRequested && gone is OperationCanceledException or IOException)
        {
            // The caller hung up: nobody is left to answer.
        }
#pragma warning disable CA1031 // The edge of the process: whatever a handler lets escape becomes an answer.
        catch (Exception unexpected)
#pragma warning restore CA1031
        {
            Failed(log, unexpected, http.Request.Method, path, app.AppId);
            await RefuseAsync(http, new DaprException("ERR_INTERNAL", 500, StatusCode.Internal, unexpected.Message));
        }
    }

    // Counted as it was on the wire: the request line, then each header with its colon, its space and its line end.
    private static bool IsHeadTooLarge(HttpContext http, int most)
    {
        var size = http.Request.Method.Length + http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length + "  HTTP/1.1\r\n\r\n".Length;
        foreach (var (name, values) in http.Request.Headers)
        {
            foreach (var value in values)
            {
                size += name.Length + (value?.Length ?? 0) + ": \r\n".Length;
            }
        }

        return size > most;
    }

    private static string Path(HttpContext http)
    {
        // As sent: an encoded slash inside a segment must not become a separator.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/'))
        {
            return http.Request.Path.Value ?? "/";
        }

        var query = target.IndexOf('?');
        return query < 0 ? target : target[..query];
    }

    private static async Task RefuseAsync(HttpContext http, DaprException refused)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = refused.HttpStatus;
        await ErrorAsync(http, refused.ErrorCode, refused.HttpMessage ?? refused.Message, refused);
    }

    private static async Task ErrorAsync(HttpContext http, string code, string message, DaprException? rich = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("errorCode", code);
            json.WriteString("message", message);
            if (rich?.Reason is not null)
            {
                WriteDetails(json, rich);
            }

            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    // In the order of Dapr: what was wrong with what, then the reason; in each the type, then all else by name.
    private static void WriteDetails(Utf8JsonWriter json, DaprException rich)
    {
        json.WriteStartArray("details");
        if (rich.Violation is { } violation)
        {
            json.WriteStartObject();
            json.WriteString("@type", "type.googleapis.com/google.rpc.BadRequest");
            json.WriteStartArray("field_violations");
            json.WriteStartObject();
            json.WriteString("field", violation.Field);
            json.WriteString("description", rich.HttpMessage ?? violation.Description);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (rich.ResourceName is not null)
        {
            json.WriteStartObject();
            json.WriteString("@type", "type.googleapis.com/google.rpc.ResourceInfo");
            json.WriteString("description", rich.ResourceDescription);
            json.WriteString("owner", "");
            json.WriteString("resource_name", rich.ResourceName);
            json.WriteString("resource_type", rich.ResourceType);
            json.WriteEndObject();
        }

        json.WriteStartObject();
        json.WriteString("@type", "type.googleapis.com/google.rpc.ErrorInfo");
        json.WriteString("domain", "dapr.io");
        if (rich.ErrorMetadata is null)
        {
            json.WriteNull("metadata");
        }
        else
        {
            json.WriteStartObject("metadata");
            foreach (var (name, value) in rich.ErrorMetadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        json.WriteString("reason", rich.Reason);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} of app {AppId} failed")]
    private static partial void Failed(ILogger log, Exception error, string method, string path, string appId);
}
