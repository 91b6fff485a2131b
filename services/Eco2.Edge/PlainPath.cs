using System.Text.Unicode;

namespace Eco2.Edge;

/// <summary>A path is forwarded as it came or not at all: whatever two servers could read differently is refused, so that what the table
/// of routes saw is what the app sees.</summary>
internal static class PlainPath
{
    /// <param name="target">Path and query.</param>
    public static bool IsPlain(string target)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        return IsPlainPath(mark < 0 ? target : target.AsSpan(0, mark)) && (mark < 0 || target.AsSpan(mark).IndexOfAnyInRange('\0', ' ') < 0);
    }

    private static bool IsPlainPath(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path[0] != '/')
        {
            return false;
        }

        for (var i = 0; i < path.Length; i++)
        {
            switch (path[i])
            {
                case <= ' ' or > '~' or '\\' or ';' or '#' or '"' or '<' or '>':
                    return false;
                case '/' when i + 1 < path.Length && path[i + 1] == '/':
                    return false;
                case '.' when path[i - 1] == '/' && IsDots(path[i..]):
                    return false;
                case '%' when !IsHarmless(path[i..]):
                    return false;
            }
        }

        return IsText(path);
    }

    // Dapr hands a path on as text: what is no UTF-8 never arrives, and would look like a sidecar that is away.
    private static bool IsText(ReadOnlySpan<char> path)
    {
        if (!path.Contains('%'))
        {
            return true;
        }

        var bytes = new byte[path.Length];
        var length = 0;
        for (var i = 0; i < path.Length; i++)
        {
            bytes[length++] = path[i] == '%' ? Convert.FromHexString(path.Slice(i + 1, 2))[0] : (byte)path[i];
            i += path[i] == '%' ? 2 : 0;
        }

        return Utf8.IsValid(bytes.AsSpan(0, length));
    }

    private static bool IsDots(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf('/');
        var segment = end < 0 ? rest : rest[..end];
        return segment is "." or "..";
    }

    /// <summary>An encoded byte is harmless unless it hides a separator, a dot, another percent sign or a control character.</summary>
    private static bool IsHarmless(ReadOnlySpan<char> rest) =>
        rest.Length >= 3
        && char.IsAsciiHexDigit(rest[1])
        && char.IsAsciiHexDigit(rest[2])
        && Convert.ToInt32(rest[1..3].ToString(), 16) is > 0x1F and not (0x7F or '/' or '\\' or '.' or '%' or ';' or '?' or '#');
}
