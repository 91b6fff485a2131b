using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Hosting;

/// <summary>What one sidecar process serves.</summary>
public sealed record SidecarOptions
{
    /// <summary>One entry per app instance; replicas of one app id each have their own.</summary>
    public required IReadOnlyList<AppSettings> Apps { get; init; }

    /// <summary>trace, debug, info, warn, error or off.</summary>
    public string LogLevel { get; init; } = "info";

    /// <summary>The clock. Tests may bring their own.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where log messages go. Null = JSON lines on stdout.</summary>
    public ILoggerFactory? Logs { get; init; }
}
