using System.Globalization;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Telemetry;

/// <content>Calls of the APIs, calls into the app, calls between apps, components as a whole.</content>
internal sealed partial class DaprMetrics
{
    private static readonly string[] _verbs = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
    private static readonly string[] _statuses = [.. Enumerable.Range(0, 600).Select(status => status.ToString(CultureInfo.InvariantCulture))];
    private static readonly string[] _codes = Enum.GetNames<StatusCode>();

    private readonly Metric _httpServed, _httpServedMs, _appCalled, _appCalledMs, _grpcServed, _grpcServedMs, _grpcCalled, _grpcCalledMs;
    private readonly Metric _loaded, _initialised, _notInitialised;
    private readonly Metric _invokeSent, _invokeReceived, _invokeAnswerSent, _invokeAnswered, _invokeAnsweredMs;

    /// <summary>A request of the HTTP API was answered.</summary>
    public void HttpServed(string verb, int status, long began) => Call(_httpServed, _httpServedMs, Verb(verb), Status(status), began);

    /// <summary>The app answered a request.</summary>
    /// <param name="status">0: it did not answer.</param>
    public void AppCalled(string verb, int status, long began) => Call(_appCalled, _appCalledMs, Verb(verb), Status(status == 0 ? 500 : status), began);

    /// <summary>A call of the gRPC API was answered.</summary>
    public void GrpcServed(string method, StatusCode code, long began) => Call(_grpcServed, _grpcServedMs, method, Code(code), began);

    /// <summary>The app answered a gRPC call.</summary>
    public void GrpcCalled(string method, StatusCode code, long began) => Call(_grpcCalled, _grpcCalledMs, method, Code(code), began);

    /// <summary>A component was made and opened.</summary>
    public void ComponentLoaded(string type)
    {
        _loaded.Count();
        _initialised.Count(new(type));
    }

    /// <summary>A component that may fail could not be opened.</summary>
    public void ComponentFailed(string type, string name) => _notInitialised.Count(new(type, "init", name));

    /// <summary>This app calls another.</summary>
    public void InvocationSent(string to) => _invokeSent.Count(new(to, "unary"));

    /// <summary>Another app answered this one.</summary>
    public void InvocationAnswered(string by, int status, long began)
    {
        _invokeAnswered.Count(new(by, Status(status), "unary"));
        _invokeAnsweredMs.Observe(Since(began), new(by, Status(status)));
    }

    /// <summary>Another app calls this one.</summary>
    public void InvocationReceived(string from) => _invokeReceived.Count(new(from));

    /// <summary>This app answered another.</summary>
    public void InvocationAnswerSent(string to, int status) => _invokeAnswerSent.Count(new(to, Status(status)));

    private void Call(Metric count, Metric latency, string first, string second, long began)
    {
        var labels = new LabelValues(first, second);
        count.Count(labels);
        latency.Observe(Since(began), labels);
    }

    private static string Verb(string verb) => Array.IndexOf(_verbs, verb) is >= 0 and var at ? _verbs[at] : "UNKNOWN";

    private static string Status(int status) => status is >= 0 and < 600 ? _statuses[status] : "599";

    private static string Code(StatusCode code) => (int)code < _codes.Length ? _codes[(int)code] : "Unknown";
}
