using System.Text;

namespace EmbeddedSidecar.Telemetry;

/// <summary>
/// What the sidecar of one app instance counts and measures, by the names and labels of daprd 1.18. Latencies are in milliseconds. Only what
/// happens in this sidecar is here: no placement, no certificates, no access lists. <see cref="Apps.AppInstance.Metrics"/> is null when nobody asked.
/// </summary>
/// <remarks>As in daprd without increased cardinality no path is a label, so the sets of labels are bounded by what components and code name.</remarks>
internal sealed partial class DaprMetrics
{
    /// <summary>Media type of <see cref="Write"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // daprd's own buckets.
    private static readonly double[] _standardBuckets =
    [
        1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
    ];

    private readonly List<Metric> _all = [];
    private readonly TimeProvider _clock;
    private readonly string _app;
    private readonly string _appAndNamespace;
    private readonly double[] _buckets;

    /// <param name="buckets">Upper bounds of latencies in milliseconds; empty = daprd's.</param>
    public DaprMetrics(string appId, string @namespace, IReadOnlyList<double> buckets, TimeProvider clock)
    {
        _clock = clock;
        _app = Metric.Label(new StringBuilder(), "app_id", appId).ToString();
        _appAndNamespace = Metric.Label(new StringBuilder(_app), "namespace", @namespace).ToString();
        _buckets = buckets.Count > 0 ? [.. buckets.Order()] : _standardBuckets;
        _httpServed = Counter("http_server_request_count", "Count of HTTP requests processed by the server.", "method", "status");
        _httpServedMs = Latency("http_server_latency", "HTTP request end-to-end latency in server.", "method", "status");
        _appCalled = Counter("http_client_completed_count", "Count of completed requests", "method", "status");
        _appCalledMs = Latency("http_client_roundtrip_latency", "Time until the headers of the answer are there", "method", "status");
        _grpcServed = Counter("grpc_io_server_completed_rpcs", "Count of RPCs by method and status.", "grpc_server_method", "grpc_server_status");
        _grpcServedMs = Latency("grpc_io_server_server_latency", "Server latency by method and status.", "grpc_server_method", "grpc_server_status");
        _grpcCalled = Counter("grpc_io_client_completed_rpcs", "Count of RPCs to the app by method and status.", "grpc_client_method", "grpc_client_status");
        _grpcCalledMs = Latency("grpc_io_client_roundtrip_latency", "Latency of RPCs to the app by method and status.", "grpc_client_method", "grpc_client_status");
        _loaded = Counter("runtime_component_loaded", "The number of successfully loaded components.");
        _initialised = Counter("runtime_component_init_total", "The number of initialized components.", "component");
        _notInitialised = Counter("runtime_component_init_fail_total", "The number of component initialization failures.", "component", "reason", "componentName");
        _invokeSent = Counter("runtime_service_invocation_req_sent_total", "The number of requests sent via service invocation.", "dst_app_id", "type");
        _invokeReceived = Counter("runtime_service_invocation_req_recv_total", "The number of requests received via service invocation.", "src_app_id");
        _invokeAnswerSent = Counter("runtime_service_invocation_res_sent_total", "The number of responses sent via service invocation.", "dst_app_id", "status");
        _invokeAnswered = Counter("runtime_service_invocation_res_recv_total", "The number of responses received via service invocation.", "src_app_id", "status", "type");
        _invokeAnsweredMs = Latency("runtime_service_invocation_res_recv_latency_ms", "The latency of service invocation response.", "src_app_id", "status");
        AddComponents();
        AddResiliency();
        AddActors();
        AddWorkflows();
    }

    /// <summary>A moment to measure from.</summary>
    public long Now => _clock.GetTimestamp();

    /// <summary>Everything so far, in the text format of Prometheus.</summary>
    public string Write()
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var metric in _all)
        {
            metric.Write(text);
        }

        return text.ToString();
    }

    private double Since(long began) => _clock.GetElapsedTime(began).TotalMilliseconds;

    private Metric Counter(string name, string help, params string[] labels) => Make(name, help, MetricKind.Counter, _app, labels);

    private Metric Gauge(string name, string help, params string[] labels) => Make(name, help, MetricKind.Gauge, _app, labels);

    private Metric Latency(string name, string help, params string[] labels) => Make(name, help, MetricKind.Histogram, _app, labels);

    private Metric NamespacedCounter(string name, string help, params string[] labels) => Make(name, help, MetricKind.Counter, _appAndNamespace, labels);

    private Metric NamespacedLatency(string name, string help, params string[] labels) => Make(name, help, MetricKind.Histogram, _appAndNamespace, labels);

    private Metric Make(string name, string help, MetricKind kind, string constant, string[] labels)
    {
        var metric = new Metric("dapr_" + name, help, kind, constant, kind == MetricKind.Histogram ? _buckets : [], labels);
        _all.Add(metric);
        return metric;
    }
}
