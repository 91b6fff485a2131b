using System.Diagnostics;
using System.Globalization;
using System.Text;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Telemetry;

/// <summary>Spans of the API, named and described as daprd does; only that what looks like an id in a path is written {id}: such a name tells nobody's key.</summary>
internal static class ApiSpans
{
    private const int ShortestId = 16;

    /// <summary>A call of the HTTP API begins. Null without tracing, and for probes.</summary>
    public static Activity? Begin(HttpContext http, AppInstance app, string path)
    {
        if (app.Tracer is not { } tracer || path.Contains("/healthz", StringComparison.Ordinal))
        {
            return null;
        }

        var headers = http.Request.Headers;
        var span = tracer.Start(WithoutIds(path), ActivityKind.Client, headers.TraceParent, headers.TraceState);
        if (span is not null)
        {
            http.Response.Headers.TraceParent = span.Id;
        }

        if (span is { IsAllDataRequested: true })
        {
            Describe(span, http, WithoutIds(path));
        }

        return span;
    }

    /// <summary>What came of it.</summary>
    public static void End(Activity? span, int status)
    {
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("dapr.status_code", status.ToString(CultureInfo.InvariantCulture));
            Status(span, status);
        }

        span?.Dispose();
    }

    /// <summary>A call of the gRPC API begins. Null without tracing, for streams and for what workers say.</summary>
    public static Activity? Begin(HttpContext http, AppInstance app, string method, bool isStream)
    {
        if (app.Tracer is not { } tracer || isStream || method.Contains("/Complete", StringComparison.Ordinal) || method.EndsWith("/Hello", StringComparison.Ordinal))
        {
            return null;
        }

        var span = tracer.Start(method, ActivityKind.Client, http.Request.Headers.TraceParent, http.Request.Headers.TraceState);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("dapr.protocol", "grpc");
            span.SetTag("dapr.api", method);
        }

        return span;
    }

    /// <summary>What came of it.</summary>
    public static void End(Activity? span, StatusCode code, string detail)
    {
        if (span is not null && code != StatusCode.OK)
        {
            span.SetStatus(ActivityStatusCode.Error, detail);
        }

        span?.Dispose();
    }

    /// <summary>The open span of the API is about a component.</summary>
    /// <param name="system">state, secrets or bindings.</param>
    public static void IsAbout(string system, string component)
    {
        if (AppTracer.IsUsed && Activity.Current is { IsAllDataRequested: true } span)
        {
            span.SetTag("db.system", system);
            span.SetTag("db.name", component);
            span.SetTag("db.statement", span.GetTagItem("dapr.api"));
            span.SetTag("db.connection_string", system);
        }
    }

    /// <summary>The open span of the API publishes.</summary>
    public static void Publishes(string topic)
    {
        if (AppTracer.IsUsed && Activity.Current is { IsAllDataRequested: true } span)
        {
            span.SetTag("messaging.system", "pubsub");
            span.SetTag("messaging.destination.name", topic);
        }
    }

    /// <summary>The open span of the API calls an app.</summary>
    public static void Invokes(string appId, string method)
    {
        if (AppTracer.IsUsed && Activity.Current is { IsAllDataRequested: true } span)
        {
            span.DisplayName = $"CallLocal/{appId}/{WithoutIds(method.TrimStart('/'))}";
            span.SetTag("rpc.service", "ServiceInvocation");
            span.SetTag("net.peer.name", appId);
        }
    }

    /// <summary>The sidecar of the called app takes the call. The span of the caller's sidecar is its parent.</summary>
    public static Activity? Received(AppInstance target, string method)
    {
        if (target.Tracer is not { } tracer || AppTracer.Here is not { } caller)
        {
            return null;
        }

        var name = WithoutIds(method.TrimStart('/'));
        var span = tracer.Start($"CallLocal/{target.AppId}/{name}", ActivityKind.Server, caller);
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("rpc.service", "ServiceInvocation");
            span.SetTag("dapr.invoke_method", name);
            span.SetTag("dapr.protocol", "grpc");
        }

        return span;
    }

    /// <summary>The open span of the API calls an actor.</summary>
    public static void CallsActor(string type, string method)
    {
        if (AppTracer.IsUsed && Activity.Current is { IsAllDataRequested: true } span)
        {
            span.DisplayName = $"CallActor/{type}/{method}";
            span.SetTag("rpc.service", "ServiceInvocation");
            span.SetTag("net.peer.name", type);
        }
    }

    /// <summary>An answer of 400 and more is an error, with daprd's words.</summary>
    public static void Status(Activity span, int status)
    {
        if (status >= 400)
        {
            span.SetStatus(ActivityStatusCode.Error, $"Code({status}): {Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)}");
        }
    }

    /// <summary>A path with {id} where a segment looks like one: long, and not all of it letters.</summary>
    public static string WithoutIds(string path)
    {
        var query = path.IndexOf('?', StringComparison.Ordinal);
        path = query < 0 ? path : path[..query];
        if (path.Length < ShortestId)
        {
            return path;
        }

        var text = new StringBuilder(path.Length);
        foreach (var range in path.AsSpan().Split('/'))
        {
            var segment = path.AsSpan(range);
            text.Append(range.Start.Value > 0 ? "/" : "");
            _ = segment.Length >= ShortestId && segment.IndexOfAnyInRange('0', '9') >= 0 ? text.Append("{id}") : text.Append(segment);
        }

        return text.ToString();
    }

    private static void Describe(Activity span, HttpContext http, string path)
    {
        var verb = http.Request.Method;
        span.SetTag("dapr.protocol", "http");
        span.SetTag("dapr.api", $"{verb} {path}");
        span.SetTag("http.request.method", verb);
        span.SetTag("url.full", path);
        span.SetTag("server.address", http.Connection.RemoteIpAddress?.ToString());
        span.SetTag("server.port", http.Connection.RemotePort.ToString(CultureInfo.InvariantCulture));
    }
}
