using System.Net;
using System.Text.Json;
using Eco2.Edge;
using Eco2.Edge.Policies;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;

namespace Eco2.Gateway.Forwarding;

/// <summary>Takes a request to its app through the sidecar and the answer back.
/// 1 the gate: path, route, caller, limits, 2 size, 3 request with clean headers and a body that streams, 4 status and headers of the answer,
/// 5 its body piece by piece. A client that leaves ends the request at the app; an app that breaks off ends the connection.</summary>
internal sealed partial class Forwarder(
    Gate gate, SidecarClient sidecar, ClientAddress addresses, ILogger<Forwarder> logger)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.Map("/{**path}", (HttpContext http) => http.RequestServices.GetRequiredService<Forwarder>().HandleAsync(http));

    private async Task HandleAsync(HttpContext http)
    {
        Headers.Secure(http.Response);
        var problem = await ForwardAsync(http);
        if (problem is not null)
        {
            await problem.ExecuteAsync(http);
        }
    }

    private async Task<IResult?> ForwardAsync(HttpContext http)
    {
        var request = http.Request;
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        // Counted here and not by the server: it would close the connection on a client that is still sending, before it read the answer.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
        var entry = await gate.DecideAsync(http, target, http.RequestAborted);
        if (entry.Refusal is not null || entry.Policy is not { } policy)
        {
            return entry.Refusal;
        }

        if (policy.App == "gateway")
        {
            // Ours, and routed before this, if it were there.
            return Problems.NotFound();
        }

        if (request.ContentLength > policy.MaxBodyBytes)
        {
            return Problems.TooLarge(policy.MaxBodyBytes);
        }

        using var outgoing = sidecar.Invocation(new HttpMethod(request.Method), policy.App, target);
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            outgoing.Content = new ForwardedBody(request, policy.MaxBodyBytes, policy.BodyWithin);
        }
        else if (request.ContentType is not null)
        {
            // Of nothing, but of this type: without one an app could not tell an empty document from one it cannot read.
            outgoing.Content = new ByteArrayContent([]);
        }

        Headers.CopyRequest(request, outgoing, policy, entry.Caller, addresses.Of(http));
        return await SendAsync(http, outgoing, policy);
    }

    private async Task<IResult?> SendAsync(HttpContext http, HttpRequestMessage outgoing, Policy policy)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(outgoing.Content is ForwardedBody ? policy.BodyWithin + policy.AnswersWithin : policy.AnswersWithin);
        try
        {
            using var answer = await sidecar.SendAsync(outgoing, limit.Token);
            // From here on only the client decides how long it takes.
            limit.CancelAfter(Timeout.InfiniteTimeSpan);
            if (await IsTargetAwayAsync(answer, limit.Token))
            {
                AppAway(logger, policy.App);
                return Problems.Away();
            }

            if (answer.StatusCode == HttpStatusCode.RequestHeaderFieldsTooLarge)
            {
                // The sidecar's own word: no app sees what is beyond its buffer, and none says this.
                return Problems.HeadersTooLarge();
            }

            await AnswerAsync(http, answer);
            return null;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left; nobody waits for an answer.
            return null;
        }
        catch (OperationCanceledException)
        {
            AppSlow(logger, policy.App);
            return Problems.TooSlow();
        }
        catch (HttpRequestException) when (outgoing.Content is ForwardedBody { IsTooLarge: true })
        {
            return Problems.TooLarge(policy.MaxBodyBytes);
        }
        catch (HttpRequestException) when (outgoing.Content is ForwardedBody { IsTooSlow: true })
        {
            return Problems.BodyTooSlow();
        }
        catch (HttpRequestException e) when (e.InnerException is BadHttpRequestException bad)
        {
            // It was the client's body that broke, not the way to the app.
            return Problem.Of("gateway", "VALIDATION", bad.StatusCode, "The request is not valid.", bad.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
            {
                // Too late for a problem: let the client see that the answer is not whole.
                http.Abort();
                return null;
            }

            SidecarAway(logger, e.Message);
            return Problems.Away();
        }
    }

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage answer)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        Headers.CopyResponse(answer, http.Response);
        http.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await http.Response.StartAsync(http.RequestAborted);
        if (HttpMethods.IsHead(http.Request.Method) || http.Response.StatusCode is 204 or 304)
        {
            return;
        }

        await using var body = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
        await ForwardedBody.CopyAsync(body, http.Response.Body, http.RequestAborted);
    }

    /// <summary>The sidecar says 500 ERR_DIRECT_INVOKE when it cannot reach the app. Apps answer problem+json, never plain JSON, with 500.</summary>
    private static async Task<bool> IsTargetAwayAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        if ((int)answer.StatusCode < 500 || answer.Content.Headers.ContentType?.MediaType != "application/json" || answer.Content.Headers.ContentLength is not (> 0 and < 8192))
        {
            return false;
        }

        await answer.Content.LoadIntoBufferAsync(8192, ct);
        try
        {
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(ct));
            return body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("errorCode", out var code)
                && code.ValueKind == JsonValueKind.String && code.GetString()!.StartsWith("ERR_", StringComparison.Ordinal);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {App} cannot be reached")]
    private static partial void AppAway(ILogger logger, string app);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {App} did not answer in time")]
    private static partial void AppSlow(ILogger logger, string app);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sidecar cannot be reached: {Why}")]
    private static partial void SidecarAway(ILogger logger, string why);
}
