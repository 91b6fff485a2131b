using System.Text.Json;

namespace EmbeddedSidecar.Api;

/// <summary>JSON as Go reads and writes it.</summary>
/// <remarks>Official clients rely on it: Dapr's package for ASP.NET Core calls the member pubsubname pubsubName.</remarks>
internal static class GoJson
{
    /// <summary>How deep it may nest in state, messages and what apps answer: as deep as Go takes it. Whatever reads it goes level by level, and uses no stack.</summary>
    public const int MaxDepth = 10_000;

    private static readonly JsonDocumentOptions _options = new() { MaxDepth = MaxDepth };

    /// <exception cref="JsonException">It is not JSON, or nests deeper.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, _options);

    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json) => new(json, new JsonReaderOptions { MaxDepth = MaxDepth });

    /// <summary>A member of an object: by name, else by the name in whatever letter case.</summary>
    public static bool TryGetMember(this JsonElement parent, string name, out JsonElement value)
    {
        if (parent.TryGetProperty(name, out value))
        {
            return true;
        }

        foreach (var member in parent.EnumerateObject())
        {
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = member.Value;
                return true;
            }
        }

        return false;
    }

    /// <summary>The bytes of a value that was read and is written anew by Go's own encoder; see <see cref="GoJsonEncoder"/>.</summary>
    public static byte[] Rewritten(this JsonElement value) => GoJsonEncoder.Encode(value, fastest: false);
}
