namespace EmbeddedSidecar.Hosting;

/// <summary>JSON lines on stdout.</summary>
internal static class SidecarLogging
{
    public static ILoggerFactory ToStdout(string level) =>
        LoggerFactory.Create(logging => logging
            .SetMinimumLevel(Level(level))
            // Kestrel and hosting tell about every connection; only their troubles matter here.
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            }));

    /// <exception cref="Components.SidecarConfigurationException">No such level.</exception>
    public static LogLevel Level(string name) => name switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "off" => LogLevel.None,
        _ => throw new Components.SidecarConfigurationException($"Log level \"{name}\" is none of trace, debug, info, warn, error, off."),
    };
}
