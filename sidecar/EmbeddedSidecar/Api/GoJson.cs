using System.Text.Json;

namespace EmbeddedSidecar.Api;

/// <summary>JSON as Go reads and writes it.</summary>
/// <remarks>Official clients rely on it: Dapr's package for ASP.NET Core calls the member pubsubname pubsubName.</remarks>
internal static class GoJson
{
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
