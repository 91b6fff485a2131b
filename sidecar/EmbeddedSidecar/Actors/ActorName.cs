using EmbeddedSidecar.Scheduling;

namespace EmbeddedSidecar.Actors;

/// <summary>Checks the names that become part of a path on the app.</summary>
internal static class ActorName
{
    /// <exception cref="Api.DaprException">A type or id that is no name.</exception>
    public static ActorKey Callable(string type, string id)
    {
        ActorErrors.CheckType(type);
        foreach (var (what, name) in (ReadOnlySpan<(string, string)>)[("actorType", type), ("actorId", id)])
        {
            if (EntryName.Refusal(name) is { } refusal)
            {
                throw ActorErrors.BadRequest($"invalid {what}: {refusal}");
            }
        }

        return new ActorKey(type, id);
    }

    /// <exception cref="Api.DaprException">Of a reminder or timer.</exception>
    public static string Check(string name) =>
        EntryName.Refusal(name) is { } refusal ? throw ActorErrors.BadRequest(refusal) : name;

    /// <summary>A method as a relative path without dot segments.</summary>
    /// <exception cref="Api.DaprException">Characters that a path may not have.</exception>
    public static string Method(string method)
    {
        if (method.AsSpan().IndexOfAny('#', '?', '\0') >= 0 || method.AsSpan().IndexOfAnyInRange('\u0001', '\u001f') >= 0 || method.Contains('\u007f'))
        {
            throw ActorErrors.BadRequest($"method contains forbidden character: \"{method}\"");
        }

        var path = new List<string>();
        foreach (var segment in method.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == "..")
            {
                path.RemoveRange(Math.Max(0, path.Count - 1), Math.Min(1, path.Count));
            }
            else if (segment != ".")
            {
                path.Add(segment);
            }
        }

        return string.Join('/', path);
    }
}
