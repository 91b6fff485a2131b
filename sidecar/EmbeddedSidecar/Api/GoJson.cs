using System.Text.Json;

namespace EmbeddedSidecar.Api;

/// <summary>Members of JSON objects as Go finds them: by name, else by the name in whatever letter case.</summary>
/// <remarks>Official clients rely on it: Dapr's package for ASP.NET Core calls the member pubsubname pubsubName.</remarks>
internal static class GoJson
{
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
}
