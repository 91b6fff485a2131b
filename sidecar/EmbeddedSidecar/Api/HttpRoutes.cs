namespace EmbeddedSidecar.Api;

/// <summary>Answers one call of the HTTP API.</summary>
internal delegate Task ApiHandler(ApiCall call);

/// <summary>
/// The paths of the HTTP API. Matching is done on the path as sent, segment by segment, so that an encoded slash stays inside its
/// segment; repeated and trailing slashes do not count, as in Dapr.
/// </summary>
internal sealed class HttpRoutes
{
    private readonly Node _root = new();

    /// <summary>Answers what no route has, by path or by verb; its only argument is the whole path as sent.</summary>
    public ApiHandler? Others { get; set; }

    /// <param name="methods">Verbs separated by spaces, or * for all.</param>
    /// <param name="pattern">For example /v1.0/state/{store}/{key}. A last {*rest} takes all that follows, undecoded slashes included.</param>
    public void Map(string methods, string pattern, ApiHandler handler)
    {
        var node = _root;
        foreach (var segment in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            node = segment.StartsWith("{*", StringComparison.Ordinal) ? node.Rest ??= new Node()
                : segment[0] == '{' ? node.Any ??= new Node()
                : node.Literal(segment);
        }

        foreach (var method in methods.Split(' '))
        {
            node.Handlers.Add(method, handler);
        }
    }

    /// <summary>Finds the handler for a path; literal segments win over parameters.</summary>
    /// <param name="args">The parameters in the order of the pattern, percent-decoded.</param>
    public ApiHandler? Find(string method, string path, out string[] args)
    {
        Span<Range> segments = stackalloc Range[32];
        var count = Split(path, segments);
        var values = new List<string>(4);
        var node = _root.Walk(path, segments[..count], values);
        args = [.. values];
        if (node is not null && (node.Handlers.TryGetValue(method, out var handler) || node.Handlers.TryGetValue("*", out handler)))
        {
            return handler;
        }

        args = [path];
        return Others;
    }

    // At most 32 segments; what follows stays in the last one, where only a {*rest} can match it.
    private static int Split(ReadOnlySpan<char> path, Span<Range> segments)
    {
        var count = 0;
        var i = 0;
        while (i < path.Length)
        {
            if (path[i] == '/')
            {
                i++;
                continue;
            }

            var length = path[i..].IndexOf('/');
            var end = length < 0 || count == segments.Length - 1 ? path.Length : i + length;
            segments[count++] = i..end;
            i = end;
        }

        return count;
    }

    private sealed class Node
    {
        private readonly Dictionary<string, Node> _literals = new(StringComparer.Ordinal);

        public Node? Any { get; set; }

        public Node? Rest { get; set; }

        public Dictionary<string, ApiHandler> Handlers { get; } = new(StringComparer.Ordinal);

        public Node Literal(string segment) => _literals.TryGetValue(segment, out var node) ? node : _literals[segment] = new Node();

        public Node? Walk(string path, ReadOnlySpan<Range> segments, List<string> values)
        {
            if (segments.IsEmpty)
            {
                return Handlers.Count > 0 ? this : null;
            }

            var segment = path.AsSpan(segments[0]);
            if (_literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var literal)
                && literal.Walk(path, segments[1..], values) is { } viaLiteral)
            {
                return viaLiteral;
            }

            var mark = values.Count;
            if (Any is not null)
            {
                values.Add(Uri.UnescapeDataString(segment));
                if (Any.Walk(path, segments[1..], values) is { } viaAny)
                {
                    return viaAny;
                }

                values.RemoveRange(mark, values.Count - mark);
            }

            if (Rest is not null)
            {
                values.Add(path[segments[0].Start..]);
                return Rest;
            }

            return null;
        }
    }
}
