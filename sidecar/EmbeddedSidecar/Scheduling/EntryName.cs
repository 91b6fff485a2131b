namespace EmbeddedSidecar.Scheduling;

/// <summary>What jobs, reminders and timers may be called; their names become part of a path on the app.</summary>
internal static class EntryName
{
    private const int MaxLength = 253;

    /// <summary>Why a name is refused, or null.</summary>
    public static string? Refusal(string name) =>
        name.AsSpan().IndexOfAny("#?\0/\\") >= 0 ? $"name contains forbidden character: \"{name}\""
        : name.AsSpan().IndexOfAnyInRange('\u0001', '\u001f') is var at and >= 0 ? $"name contains control character at position {at}: \"{name}\""
        : name.IndexOf('\u007f', StringComparison.Ordinal) is var delete and >= 0 ? $"name contains control character at position {delete}: \"{name}\""
        : name is "." or ".." ? $"name is a path traversal sequence: \"{name}\""
        : null;

    /// <exception cref="FormatException">Too long for a key of the scheduler.</exception>
    public static void CheckLength(string name)
    {
        if (name.Length > MaxLength)
        {
            throw new FormatException($"job name is invalid \"{name}\": must be no more than {MaxLength} characters");
        }
    }
}
