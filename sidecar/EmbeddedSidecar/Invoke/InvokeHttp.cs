using System.Net.Sockets;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Telemetry;
using Microsoft.AspNetCore.Http.Features;

namespace EmbeddedSidecar.Invoke;

/// <summary>Service invocation over HTTP: any verb, both bodies streamed, status and headers passed through.</summary>
/// <remarks>
/// 1. Find the instances of the app and check the path. 2. Send to the first that accepts a connection; the body flows as it comes,
/// unless a retry policy asks for it to be kept. 3. Copy status and headers, then each piece of the answer as soon as it is there,
/// so that server-sent events pass. 4. When the caller hangs up, the call to the app is cancelled; when the app breaks off, so is
/// the answer to the caller.
/// </remarks>
internal sealed class InvokeHttp(AppDirectory apps)
{
    /// <summary>The app is named in a header, and the whole path is the method; else by /v1.0/invoke/{app or address}/method/{method}.</summary>
    public Task InvokeAsync(ApiCall call)
    {
        var (appId, method) = InvokedApp.Of(call.Http.Request) is { } named ? (named, call.Args[0]) : Split(call.Args[0]);
        return ForwardAsync(call, appId, MethodPath.Normalize(appId, MethodPath.Decode(appId, method)));
    }

    private static (string App, string Method) Split(string path)
    {
        var rest = path.AsSpan();
        foreach (var part in (ReadOnlySpan<string>)["v1.0/", "invoke/"])
        {
            rest = rest.TrimStart('/');
            rest = rest.StartsWith(part, StringComparison.Ordinal) ? rest[part.Length..] : [];
        }

        rest = rest.TrimStart('/');
        return rest.IndexOf("/method/", StringComparison.Ordinal) is > 0 and var at
            ? (Uri.UnescapeDataString(rest[..at]), rest[(at + "/method/".Length)..].ToString())
            : throw InvokedApp.Unnamed();
    }

    private Task ForwardAsync(ApiCall call, string appId, string path)
    {
        if (HttpEndpoint.Find(call.App, appId) is { } endpoint)
        {
            ApiSpans.Invokes(appId, path);
            var behind = (path.Length == 0 ? "" : MethodPath.Escape(appId, path)) + call.Http.Request.QueryString.Value;
            return ForwardAsync(call, appId, appId, (endpoint, behind), static (call, to, kept, hasBody, ct) => to.endpoint.SendAsync(call.Http.Request, to.behind, Body(call, kept, hasBody), ct));
        }

        var targets = apps.Resolve(call.App, appId);
        ApiSpans.Invokes(targets[0].AppId, path);
        if (targets[0].Settings.IsGrpcApp)
        {
            return OnInvoke.AnswerHttpAsync(call, appId, targets[0], path);
        }

        var method = MethodPath.Escape(appId, path) + call.Http.Request.QueryString.Value;
        return ForwardAsync(call, appId, targets[0].AppId, (targets, method), static (call, to, kept, hasBody, ct) => SendAsync(call, to.targets, to.method, kept, hasBody, ct));
    }

    /// <param name="call">Who wants it.</param>
    /// <param name="named">The target as the caller named it, for complaints.</param>
    /// <param name="id">The target as policies and metrics know it.</param>
    /// <param name="to">What <paramref name="send"/> needs.</param>
    /// <param name="send">One attempt.</param>
    private static async Task ForwardAsync<T>(ApiCall call, string named, string id, T to, Func<ApiCall, T, byte[]?, bool, CancellationToken, ValueTask<AppResponse>> send)
    {
        var policy = call.App.Resiliency.ForApp(id);
        var kept = policy.HasRetry && call.Http.Request.ContentLength > 0 ? await call.BodyAsync() : null;
        var hasBody = call.Http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        if (hasBody && kept is null)
        {
            // A body that flows through cannot be sent twice.
            policy = policy.WithoutRetry();
        }

        try
        {
            var began = call.App.Metrics?.Now ?? 0;
            call.App.Metrics?.InvocationSent(id);
            using var response = await policy.RunAsync(
                (call, to, send, kept, hasBody),
                static (on, ct) => on.send(on.call, on.to, on.kept, on.hasBody, ct),
                static response => response.Status >= 400 ? response.Status : 0,
                call.Aborted);
            call.App.Metrics?.InvocationAnswered(id, response.Status, began);
            await AnswerAsync(call.Http, response.Message, call.Aborted);
        }
        catch (Exception failed) when (failed is HttpRequestException or TimeoutException or CircuitOpenException)
        {
            var tooLarge = failed.InnerException as BadHttpRequestException;
            throw tooLarge is null
                ? AppDirectory.Failed(named, failed.Message, failed)
                : new DaprException("ERR_DIRECT_INVOKE", tooLarge.StatusCode, StatusCode.ResourceExhausted, tooLarge.Message, failed);
        }
    }

    private static async ValueTask<AppResponse> SendAsync(
        ApiCall call, AppInstance[] targets, string method, byte[]? kept, bool hasBody, CancellationToken ct)
    {
        for (var i = 0; ; i++)
        {
            var target = targets[i];
            using var request = new HttpRequestMessage(HttpMethod.Parse(call.Http.Request.Method), target.Channel.Address(method)) { Content = Body(call, kept, hasBody) };
            using var span = ApiSpans.Received(target, method);
            target.Metrics?.InvocationReceived(call.App.AppId);
            ForwardedHeaders.CopyRequest(call.Http.Request, request, call.App, target);
            try
            {
                var response = await target.Channel.SendAsync(request, ct);
                target.Metrics?.InvocationAnswerSent(call.App.AppId, response.Status);
                if (span is { IsAllDataRequested: true })
                {
                    ApiSpans.Status(span, response.Status);
                }

                return response;
            }
            catch (HttpRequestException refused) when (refused.InnerException is SocketException && i < targets.Length - 1)
            {
                // Nobody listens there, so nothing was sent: the next replica may have it.
            }
        }
    }

    private static HttpContent? Body(ApiCall call, byte[]? kept, bool hasBody) =>
        kept is not null ? new ByteArrayContent(kept)
            : hasBody || UsuallyHasBody(call.Http.Request.Method) ? new PassingBody(call.Http.Request)
            : call.Http.Request.ContentType is null ? null : new ByteArrayContent([]);

    // daprd announces a body in pieces for these, also when there is none.
    private static bool UsuallyHasBody(string method) => HttpMethods.IsPost(method) || HttpMethods.IsPut(method) || HttpMethods.IsPatch(method);

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response, CancellationToken ct)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        ForwardedHeaders.CopyResponse(response, http.Response);
        if (response.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified || HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        await http.Response.StartAsync(ct);
        var stream = await response.Content.ReadAsStreamAsync(ct);
        try
        {
            while (true)
            {
                var memory = http.Response.BodyWriter.GetMemory(4096);
                var count = await stream.ReadAsync(memory, ct);
                if (count == 0)
                {
                    return;
                }

                http.Response.BodyWriter.Advance(count);
                await http.Response.BodyWriter.FlushAsync(ct);
            }
        }
        catch (Exception broken) when (broken is HttpIOException or IOException && !ct.IsCancellationRequested)
        {
            // The app broke off in the middle: the caller must not take what it has for the whole.
            http.Abort();
        }
    }
}
