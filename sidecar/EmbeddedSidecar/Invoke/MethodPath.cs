using System.Text;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.Invoke;

/// <summary>
/// The method of an invocation is a path on the app. Dapr decodes it once, resolves its dots and repeated slashes, and writes it into an address
/// anew: an app sees %2F as a slash, and never leaves its root. Whom a call was for is told in what is refused.
/// </summary>
internal static class MethodPath
{
    private const string Kept = "-_.~$&+,/:;=@";
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>A path as it came over HTTP, decoded.</summary>
    /// <exception cref="DaprException">What it encodes is no UTF-8.</exception>
    public static string Decode(string appId, string path) =>
        TryUnescape(path, out var bytes, out _) ? Text(appId, bytes) : path;

    /// <summary>Without dots, repeated slashes and one at the end. Has no leading slash.</summary>
    /// <exception cref="DaprException">#, ?, or a control character.</exception>
    public static string Normalize(string appId, string method)
    {
        if (method.AsSpan().IndexOfAny('#', '?', '\0') >= 0)
        {
            throw AppDirectory.Failed(appId, $"rpc error: code = InvalidArgument desc = invalid method: method contains forbidden character: {Quoted(method)}");
        }

        if (method.AsSpan().IndexOfAny(ControlCharacters) is >= 0 and var at)
        {
            throw AppDirectory.Failed(
                appId, $"rpc error: code = InvalidArgument desc = invalid method: method contains control character at position {Encoding.UTF8.GetByteCount(method.AsSpan(0, at))}: {Quoted(method)}");
        }

        var segments = new List<string>();
        foreach (var segment in method.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ("." or ".."))
            {
                segments.Add(segment);
            }
        }

        return string.Join('/', segments);
    }

    /// <summary>A normalized method as the path of an address, with a leading slash. What looks encoded in it stays so.</summary>
    /// <exception cref="DaprException">A % without two hexadecimal digits.</exception>
    public static string Escape(string appId, string method)
    {
        if (!TryUnescape(method, out var bytes, out var wrong))
        {
            throw AppDirectory.Failed(appId, $"parse \"/{method}\": invalid URL escape \"{wrong}\"");
        }

        if (method.All(IsValid))
        {
            return "/" + method;
        }

        var path = new StringBuilder("/", method.Length + 16);
        foreach (var one in bytes)
        {
            _ = char.IsAsciiLetterOrDigit((char)one) || Kept.Contains((char)one) ? path.Append((char)one) : path.Append('%').Append(one.ToString("X2", null));
        }

        return path.ToString();
    }

    private static readonly System.Buffers.SearchValues<char> ControlCharacters =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0, 32).Append(127).Select(code => (char)code)]);

    private static bool IsValid(char c) => char.IsAsciiLetterOrDigit(c) || Kept.Contains(c) || c is '!' or '\'' or '(' or ')' or '*' or '[' or ']' or '%';

    private static string Text(string appId, byte[] bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException no)
        {
            throw AppDirectory.Failed(appId, "error sending message: rpc error: code = Internal desc = grpc: error while marshaling: string field contains invalid UTF-8", no);
        }
    }

    private static bool TryUnescape(string text, out byte[] bytes, out string wrong)
    {
        (bytes, wrong) = (Encoding.UTF8.GetBytes(text), "");
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '%')
            {
                bytes[length++] = bytes[i];
            }
            else if (i + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[i + 1]) && char.IsAsciiHexDigit((char)bytes[i + 2]))
            {
                bytes[length++] = Convert.FromHexString([(char)bytes[i + 1], (char)bytes[i + 2]])[0];
                i += 2;
            }
            else
            {
                wrong = Encoding.UTF8.GetString(bytes.AsSpan(i, Math.Min(3, bytes.Length - i)));
                return false;
            }
        }

        bytes = bytes[..length];
        return true;
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\u007f' => quoted.Append("\\x").Append(((int)c).ToString("x2", null)),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
