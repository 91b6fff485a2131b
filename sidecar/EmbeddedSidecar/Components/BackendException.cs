namespace EmbeddedSidecar.Components;

/// <summary>The server behind a component said no, could not be reached, or went away before it answered (then it may have done as told).</summary>
internal class BackendException(string message, Exception? inner = null) : Exception(message, inner);
