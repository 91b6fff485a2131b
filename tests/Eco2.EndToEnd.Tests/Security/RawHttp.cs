using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>What came back. Status 0: the connection was closed without a word.</summary>
public sealed record RawAnswer(int Status, string Head, byte[] Body)
{
    public string Header(string name) =>
        Head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim() ?? "";
}

/// <summary>Bytes over a socket: no client library stands between a wrong request and the server.</summary>
public static class RawHttp
{
    /// <summary>Sends and reads: the head of what went well, all of what did not.</summary>
    /// <param name="server">Its host and port.</param>
    /// <param name="request">Every byte of it.</param>
    /// <param name="ends">Says that nothing more comes; a server may take that as if nobody waited for an answer.</param>
    /// <param name="ct">The deadline.</param>
    public static async Task<RawAnswer> SendAsync(Uri server, ReadOnlyMemory<byte> request, bool ends, CancellationToken ct)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port, ct);
        var sending = SendAllAsync(socket, request, ends, ct);
        var answer = await ReadAsync(socket, ct);
        socket.Close();
        await sending;
        return answer;
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> request, bool ends, CancellationToken ct)
    {
        try
        {
            while (!request.IsEmpty)
            {
                request = request[await socket.SendAsync(request, ct)..];
            }

            if (ends)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception answeredBefore) when (answeredBefore is SocketException or ObjectDisposedException)
        {
        }
    }

    private static async Task<RawAnswer> ReadAsync(Socket socket, CancellationToken ct)
    {
        using var all = new MemoryStream();
        var buffer = new byte[16 << 10];
        var headEnd = -1;
        while (true)
        {
            int read;
            try
            {
                read = await socket.ReceiveAsync(buffer, ct);
            }
            catch (SocketException)
            {
                break;
            }

            if (read == 0)
            {
                break;
            }

            all.Write(buffer, 0, read);
            if (headEnd < 0)
            {
                headEnd = all.GetBuffer().AsSpan(0, (int)all.Length).IndexOf("\r\n\r\n"u8);
            }

            if (headEnd >= 0 && (StatusOf(all) is >= 200 and < 400 || IsWhole(all, headEnd)))
            {
                break;
            }
        }

        if (headEnd < 0)
        {
            return new RawAnswer(0, "", []);
        }

        var bytes = all.ToArray();
        var head = Encoding.Latin1.GetString(bytes, 0, headEnd);
        var body = bytes[(headEnd + 4)..];
        var answer = new RawAnswer(StatusOf(all), head, body);
        return answer.Header("Transfer-Encoding") == "chunked" ? answer with { Body = Unchunk(body) } : answer;
    }

    private static bool IsWhole(MemoryStream all, int headEnd)
    {
        var answer = new RawAnswer(0, Encoding.Latin1.GetString(all.GetBuffer(), 0, headEnd), []);
        return answer.Header("Transfer-Encoding") == "chunked"
            ? all.GetBuffer().AsSpan(0, (int)all.Length).EndsWith("0\r\n\r\n"u8)
            : int.TryParse(answer.Header("Content-Length"), CultureInfo.InvariantCulture, out var length) && all.Length >= headEnd + 4 + length;
    }

    private static int StatusOf(MemoryStream all) =>
        all.Length >= 12 && int.TryParse(Encoding.ASCII.GetString(all.GetBuffer(), 9, 3), CultureInfo.InvariantCulture, out var status) ? status : 0;

    private static byte[] Unchunk(byte[] body)
    {
        using var whole = new MemoryStream();
        var rest = body.AsSpan();
        while (rest.IndexOf("\r\n"u8) is >= 0 and var line
            && int.TryParse(Encoding.ASCII.GetString(rest[..line]), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var size)
            && size > 0
            && rest.Length >= line + 2 + size)
        {
            whole.Write(rest.Slice(line + 2, size));
            rest = rest[Math.Min(rest.Length, line + 4 + size)..];
        }

        return whole.ToArray();
    }
}
