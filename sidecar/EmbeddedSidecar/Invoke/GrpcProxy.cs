using System.Net;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Invoke;

/// <summary>Calls of any service go to the app that the metadata names, frames untouched both ways as they come.</summary>
internal sealed class GrpcProxy(AppDirectory apps)
{
    private const string Callee = "dapr-callee-app-id";

    // About one connection, or ours to say.
    private static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Transfer-Encoding", "Content-Length", "TE", "dapr-app-id", Callee, "dapr-caller-app-id", SidecarTokens.Header, TraceParent.Header,
    };

    public static bool IsAsked(HttpRequest request) => Target(request).Length > 0;

    public async Task ForwardAsync(HttpContext http, AppInstance caller, CancellationToken ct)
    {
        var appId = Target(http.Request);
        var target = apps.Resolve(caller, appId)[0];
        using var request = new HttpRequestMessage(HttpMethod.Post, target.Channel.Address(http.Request.Path.Value!))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new PassingBody(http.Request),
        };
        foreach (var (name, values) in http.Request.Headers)
        {
            if (!Own.Contains(name) && !name.StartsWith(':') && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        request.Headers.TE.ParseAdd("trailers");
        request.Headers.TryAddWithoutValidation(TraceParent.Header, TraceParent.Next(http.Request.Headers.TraceParent));
        request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        request.Headers.TryAddWithoutValidation(Callee, target.AppId);
        try
        {
            using var response = await target.Channel.SendAsync(request, ct);
            await AnswerAsync(http, response.Message, ct);
        }
        catch (HttpRequestException unreachable)
        {
            throw new GrpcException(StatusCode.Unavailable, $"failed to proxy to app {appId}: {unreachable.Message}");
        }
    }

    private static string Target(HttpRequest request) =>
        request.Headers["dapr-app-id"].ToString() is { Length: > 0 } named ? named : request.Headers[Callee].ToString();

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response, CancellationToken ct)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        foreach (var headers in (IEnumerable<System.Net.Http.Headers.HttpHeaders>)[response.Headers, response.Content.Headers])
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                if (!Own.Contains(name) && !name.Equals("Trailer", StringComparison.OrdinalIgnoreCase))
                {
                    http.Response.Headers[name] = new([.. values]);
                }
            }
        }

        var stream = await response.Content.ReadAsStreamAsync(ct);
        if (!http.Response.Headers.ContainsKey("grpc-status"))
        {
            await http.Response.StartAsync(ct);
            while (true)
            {
                var count = await stream.ReadAsync(http.Response.BodyWriter.GetMemory(4096), ct);
                if (count == 0)
                {
                    break;
                }

                http.Response.BodyWriter.Advance(count);
                await http.Response.BodyWriter.FlushAsync(ct);
            }

            foreach (var (name, values) in response.TrailingHeaders.NonValidated)
            {
                http.Response.AppendTrailer(name, new([.. values]));
            }
        }
    }
}
