namespace EmbeddedSidecar.Apps;

/// <summary>How an app is asked whether it is well. While it is not, it gets no events, jobs, bindings and actors, and calls into it fail.</summary>
public sealed record AppHealthCheck
{
    /// <summary>Asked by GET; 2xx is well. An app that speaks gRPC is asked by AppCallbackHealthCheck/HealthCheck instead.</summary>
    public string Path { get; init; } = "/healthz";

    /// <summary>From one question to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>No answer for so long is a bad one. At most the interval.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>So many bad answers and the app is unwell.</summary>
    public int Threshold { get; init; } = 3;
}
