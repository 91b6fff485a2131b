using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Grpc;

/// <summary>One call: who calls, with what metadata, and for how long.</summary>
internal sealed class GrpcCall(HttpContext http, AppInstance app, CancellationToken aborted)
{
    /// <summary>The app whose sidecar is asked.</summary>
    public AppInstance App { get; } = app;

    /// <summary>Request metadata; names are lower-case, pseudo headers are not in it.</summary>
    public IHeaderDictionary Metadata => http.Request.Headers;

    /// <summary>Answer metadata; only before the first message of the answer.</summary>
    public IHeaderDictionary ResponseMetadata => http.Response.Headers;

    /// <summary>Ends when the caller goes away, its deadline passes or the sidecar stops.</summary>
    public CancellationToken Aborted { get; } = aborted;

    /// <summary>Does something once the caller has its answer.</summary>
    public void AfterAnswer(Action action) =>
        http.Response.OnCompleted(() =>
        {
            action();
            return Task.CompletedTask;
        });
}
