using System.Globalization;
using System.Text;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.Invoke;

/// <summary>The method of an invocation is a path on the app: cleaned, so that it cannot leave the app's root or smuggle a query in, and then read as an address
/// as Go reads one.</summary>
internal static class MethodPath
{
    // What Go leaves as it was sent, beside letters, digits and whole percent codes.
    private const string AsSent = "-_.~!$&'()*+,;=:@[]/";

    // What it leaves if anything else has to be encoded.
    private const string Plain = "-_.~$&+,/:;=@";

    /// <summary>The method without empty and dot segments and without slashes around it.</summary>
    /// <param name="appId">As the caller named it, for the complaint.</param>
    /// <param name="method">Decoded, if it was part of an address.</param>
    /// <exception cref="DaprException">Characters that a method may not have.</exception>
    public static string Clean(string appId, string method)
    {
        if (method.AsSpan().IndexOfAny('#', '?', '\0') >= 0)
        {
            throw Refused(appId, $"method contains forbidden character: {Quoted(method)}");
        }

        for (var i = 0; i < method.Length; i++)
        {
            if (method[i] is < ' ' or '\u007f')
            {
                throw Refused(appId, $"method contains control character at position {Encoding.UTF8.GetByteCount(method.AsSpan(0, i))}: {Quoted(method)}");
            }
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

    /// <summary>The method as it goes into the request, with one leading slash.</summary>
    /// <exception cref="DaprException">A percent sign that begins no code.</exception>
    public static string Address(string appId, string method)
    {
        var isAsSent = true;
        for (var i = 0; i < method.Length; i++)
        {
            if (method[i] == '%')
            {
                if (i + 2 >= method.Length || !char.IsAsciiHexDigit(method[i + 1]) || !char.IsAsciiHexDigit(method[i + 2]))
                {
                    throw AppDirectory.Failed(appId, $"rpc error: code = Internal desc = error invoking app channel: invalid URL escape {Quoted(method.Substring(i, Math.Min(3, method.Length - i)))}");
                }

                i += 2;
            }
            else
            {
                isAsSent &= char.IsAsciiLetterOrDigit(method[i]) || AsSent.Contains(method[i]);
            }
        }

        return "/" + (isAsSent ? method : Encoded(Uri.UnescapeDataString(method)));
    }

    private static string Encoded(string path)
    {
        var encoded = new StringBuilder(path.Length * 3);
        foreach (var one in Encoding.UTF8.GetBytes(path))
        {
            _ = char.IsAsciiLetterOrDigit((char)one) || Plain.Contains((char)one)
                ? encoded.Append((char)one)
                : encoded.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }

        return encoded.ToString();
    }

    private static DaprException Refused(string appId, string why) => AppDirectory.Failed(appId, $"rpc error: code = InvalidArgument desc = invalid method: {why}");

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2);
        foreach (var one in text)
        {
            _ = one switch
            {
                '"' or '\\' => quoted.Append('\\').Append(one),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\u007f' => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)one:x2}"),
                _ => quoted.Append(one),
            };
        }

        return $"\"{quoted}\"";
    }
}
