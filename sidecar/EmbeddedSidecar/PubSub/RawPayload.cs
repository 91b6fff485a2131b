using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>The metadata entry rawPayload, on a publish or on a subscription.</summary>
internal static class RawPayload
{
    private const string Name = "rawPayload";

    /// <returns>False when the entry is there and is not a boolean as Go reads one.</returns>
    public static bool TryRead(IReadOnlyDictionary<string, string> metadata, out bool raw, out string? complaint)
    {
        raw = false;
        complaint = null;
        if (!metadata.TryGetValue(Name, out var text) || text.Length == 0)
        {
            return true;
        }

        if (GoBool.TryParse(text, out raw))
        {
            return true;
        }

        complaint = $"{Name} value must be a valid boolean: actual is '{text}'";
        return false;
    }
}
