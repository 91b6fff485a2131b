namespace EmbeddedSidecar.Components;

/// <summary>A Component resource as the file has it, with secrets, environment and templates already put in for one app.</summary>
/// <param name="File">The file it was read from; the start of every sentence of complaint.</param>
/// <param name="Metadata">The name and value pairs, names as written.</param>
internal sealed record ComponentSpec(
    string Name,
    string Type,
    string Version,
    string File,
    IReadOnlyDictionary<string, string> Metadata,
    bool IgnoreErrors = false,
    TimeSpan? InitTimeout = null);

/// <summary>A file or option that cannot be honoured. The message is one sentence for the person who wrote it.</summary>
public sealed class SidecarConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
