using System.Text.Json;

namespace Eco2.Auth.Providers;

/// <summary>Reading what a provider says, which may be anything.</summary>
internal static class Claims
{
    public static string? Text(JsonElement parent, string name) => Text(At(parent, name));

    /// <summary>Null for whatever is no text; half a surrogate pair is none.</summary>
    public static string? Text(JsonElement? value)
    {
        try
        {
            return value is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public static DateTimeOffset? Time(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is > 0 and < 253_000_000_000
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <param name="root">What was said.</param>
    /// <param name="path">Members with dots between them; null finds nothing.</param>
    public static JsonElement? At(JsonElement root, string? path)
    {
        if (path is null)
        {
            return null;
        }

        foreach (var member in path.Split('.'))
        {
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(member, out root))
            {
                return null;
            }
        }

        return root;
    }
}
