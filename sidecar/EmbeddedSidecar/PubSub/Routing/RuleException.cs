namespace EmbeddedSidecar.PubSub.Routing;

/// <summary>A routing rule that cannot be read, or that cannot be applied to this event.</summary>
internal sealed class RuleException(string message) : Exception(message);
