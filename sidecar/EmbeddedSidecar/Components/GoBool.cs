namespace EmbeddedSidecar.Components;

/// <summary>Booleans as Go writes them: 1, t, T, true, True, TRUE and their opposites.</summary>
internal static class GoBool
{
    public static bool TryParse(string text, out bool value)
    {
        value = text is "1" or "t" or "T" or "true" or "True" or "TRUE";
        return value || text is "0" or "f" or "F" or "false" or "False" or "FALSE";
    }
}
