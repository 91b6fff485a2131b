using System.Net;

namespace EmbeddedSidecar.Apps;

/// <summary>One app instance to serve: a line of the run file, or a test's choice.</summary>
/// <remarks>Several instances may have one app id: they are replicas, each with its own ports.</remarks>
public sealed record AppSettings
{
    /// <summary>The Dapr app id.</summary>
    public required string AppId { get; init; }

    /// <summary>What tells this instance from its app's other replicas, also after a new start with other ports: by it a broker knows again whose messages
    /// were not finished. Two processes with one broker and one machine should not share it. Null = the HTTP port does.</summary>
    public string? Name { get; init; }

    /// <summary>Where the app listens. 0 = no app channel: the sidecar never calls the app.</summary>
    public int AppPort { get; init; }

    /// <summary>The port of the app is told later, by <see cref="Hosting.SidecarApp.AttachApp"/>; until then the app is not ready.</summary>
    public bool AwaitsAppPort { get; init; }

    /// <summary>The app speaks gRPC (AppCallback) at its port instead of HTTP.</summary>
    public bool IsGrpcApp { get; init; }

    /// <summary>Ask the app whether it is well, and leave it alone while it is not. Null = whoever listens is well.</summary>
    public AppHealthCheck? HealthCheck { get; init; }

    /// <summary>The host the app listens on.</summary>
    public string AppAddress { get; init; } = "127.0.0.1";

    /// <summary>Port of the HTTP API. 0 = any free one.</summary>
    public int HttpPort { get; init; }

    /// <summary>Port of the gRPC API. 0 = any free one.</summary>
    public int GrpcPort { get; init; }

    /// <summary>Port of the metrics, in the text format of Prometheus at any path, without token. 0 = any free one; null = none are kept.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>Largest HTTP request body and gRPC message, in bytes.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>How many calls into the app may run at once. 0 or less = no limit.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>Folders with resource files for this app, in this order. Files directly inside are read, folders below are not.</summary>
    public IReadOnlyList<string> ResourcePaths { get; init; } = [];

    /// <summary>Where relative paths in components begin: with a run file, the folder of the app. Null = the folder of the process.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Largest HTTP request line with headers that the API takes, in bytes; 4096 more are let pass, as by daprd.</summary>
    public int ReadBufferBytes { get; init; } = 4 << 10;

    /// <summary>Resource documents given as text instead of files (YAML, as many documents as you like), for tests.</summary>
    public string? InlineResources { get; init; }

    /// <summary>A Configuration file, or null.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>What this app's sidecar reads as environment, on top of the process's own: envRef, local.env, tokens.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Callers of the API must send this as dapr-api-token. Null = DAPR_API_TOKEN of the environment, if any.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Sent to the app as dapr-api-token. Null = APP_API_TOKEN of the environment, if any.</summary>
    public string? AppToken { get; init; }

    /// <summary>The address both ports listen on.</summary>
    public IPAddress ListenAddress { get; init; } = IPAddress.Loopback;
}
