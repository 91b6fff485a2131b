using System.Collections.Frozen;

namespace Eco2.Edge.Policies;

/// <summary>Finds the row of a request as the router of the app will read it: whatever the case, with harmless bytes encoded or not, with a slash at the end or
/// not. Else another spelling would be another row. Rows are sorted by area, so that a request is compared with a handful of them.</summary>
internal static class PolicyTable
{
    private const string Base = "/api/v1/";

    private static readonly FrozenDictionary<string, Row[]>.AlternateLookup<ReadOnlySpan<char>> Areas = Policies.All
        .Select(policy => new Row(policy, policy.Methods.Split(' '), policy.Path.Split('/')[1..]))
        .GroupBy(row => AreaOf(row.Policy.Path).ToString(), StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(area => area.Key, area => area.ToArray(), StringComparer.OrdinalIgnoreCase)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private sealed record Row(Policy Policy, string[] Methods, string[] Segments);

    /// <param name="method">Of the request.</param>
    /// <param name="path">In its plain form. Null: nothing is there.</param>
    public static Policy? Find(string method, string path)
    {
        path = Read(path);
        if (!Areas.TryGetValue(AreaOf(path), out var rows))
        {
            return null;
        }

        foreach (var row in rows)
        {
            if (IsFor(row.Methods, method) && Fits(row.Segments, path))
            {
                return row.Policy;
            }
        }

        return null;
    }

    /// <summary>True where another method would find something.</summary>
    public static bool Knows(string path)
    {
        path = Read(path);
        return Areas.TryGetValue(AreaOf(path), out var rows) && rows.Any(row => Fits(row.Segments, path));
    }

    private static string Read(string path)
    {
        if (path.Contains('%', StringComparison.Ordinal))
        {
            // No separator, dot or percent sign is among them: PlainPath refused those.
            path = Uri.UnescapeDataString(path);
        }

        return path.Length > 1 && path[^1] == '/' ? path[..^1] : path;
    }

    private static ReadOnlySpan<char> AreaOf(ReadOnlySpan<char> path)
    {
        var from = path.StartsWith(Base, StringComparison.OrdinalIgnoreCase) ? Base.Length : 1;
        var rest = path[Math.Min(from, path.Length)..];
        var slash = rest.IndexOf('/');
        // With what stands before it, so that /scan is not /api/v1/scan.
        return path[..(slash < 0 ? path.Length : Math.Min(from, path.Length) + slash)];
    }

    private static bool IsFor(string[] methods, string method)
    {
        foreach (var one in methods)
        {
            if (one == "*" || one == method || (one == "GET" && HttpMethods.IsHead(method)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Fits(string[] pattern, ReadOnlySpan<char> path)
    {
        var rest = path[1..];
        var ended = false;
        foreach (var segment in pattern)
        {
            if (segment == "**")
            {
                return true;
            }

            if (ended)
            {
                return false;
            }

            var slash = rest.IndexOf('/');
            var here = slash < 0 ? rest : rest[..slash];
            if (segment[0] == '{' ? here.IsEmpty : !here.Equals(segment, StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            ended = slash < 0;
            rest = ended ? [] : rest[(slash + 1)..];
        }

        return ended;
    }
}
