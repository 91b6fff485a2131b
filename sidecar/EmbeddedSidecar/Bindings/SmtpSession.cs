using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace EmbeddedSidecar.Bindings;

internal sealed record SmtpOptions(string Host, int Port, string? User, string? Password, bool SkipTlsVerify);

/// <summary>Hands one mail to an SMTP server: TLS at once on port 465, by STARTTLS where offered, plain otherwise.</summary>
internal sealed class SmtpSession : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly SmtpOptions _server;
    private readonly CancellationToken _ct;
    private Stream _stream;
    private StreamReader _reader;

    private SmtpSession(SmtpOptions server, Stream stream, CancellationToken ct)
    {
        (_server, _stream, _ct) = (server, stream, ct);
        _reader = Reader(stream);
    }

    /// <exception cref="BindingException">The server is away or refuses.</exception>
    public static async Task SendAsync(SmtpOptions server, string from, IReadOnlyList<string> recipients, byte[] mail, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(server.Host, server.Port, limit.Token);
            using var session = new SmtpSession(server, new NetworkStream(socket), limit.Token);
            await session.SendAsync(from, recipients, mail);
        }
        catch (Exception failed) when (failed is SocketException or IOException or System.Security.Authentication.AuthenticationException)
        {
            throw new BindingException($"smtp binding error: {server.Host}:{server.Port}: {failed.Message}", inner: failed);
        }
        catch (OperationCanceledException slow) when (!ct.IsCancellationRequested)
        {
            throw new BindingException($"smtp binding error: {server.Host}:{server.Port} did not answer within {Limit}", inner: slow);
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private static StreamReader Reader(Stream stream) => new(stream, Encoding.UTF8, leaveOpen: true);

    // An address goes into a command line and must stay one word.
    private static string Address(string text)
    {
        var from = text.IndexOf('<');
        var to = text.IndexOf('>');
        var address = from >= 0 && to > from ? text[(from + 1)..to] : text.Trim();
        return address.AsSpan().IndexOfAny("\r\n <>") < 0 ? address : throw new BindingException($"smtp binding error: not an address: {text}");
    }

    private async Task SendAsync(string from, IReadOnlyList<string> recipients, byte[] mail)
    {
        if (_server.Port == 465)
        {
            await SecureAsync();
        }

        await ExpectAsync(2);
        var offers = await GreetAsync();
        if (_stream is not SslStream && offers.Contains("STARTTLS", StringComparison.OrdinalIgnoreCase))
        {
            await TellAsync("STARTTLS", 2);
            await SecureAsync();
            offers = await GreetAsync();
        }

        if (_server.User is { } user)
        {
            var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{_server.Password}"));
            await TellAsync($"AUTH PLAIN {credentials}", 2);
        }

        await TellAsync($"MAIL FROM:<{Address(from)}>", 2);
        foreach (var recipient in recipients)
        {
            await TellAsync($"RCPT TO:<{Address(recipient)}>", 2);
        }

        await TellAsync("DATA", 3);
        await _stream.WriteAsync(Stuffed(mail), _ct);
        await TellAsync(".", 2);
        await TellAsync("QUIT", 2);
    }

    private Task<string> GreetAsync() => TellAsync($"EHLO {Environment.MachineName}", 2);

    private async Task SecureAsync()
    {
        var tls = new SslStream(_stream);
        var authentication = new SslClientAuthenticationOptions { TargetHost = _server.Host };
        if (_server.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The component says skipTLSVerify.
            authentication.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        await tls.AuthenticateAsClientAsync(authentication, _ct);
        _reader.Dispose();
        (_stream, _reader) = (tls, Reader(tls));
    }

    private async Task<string> TellAsync(string line, int expected)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), _ct);
        return await ExpectAsync(expected);
    }

    // "250-..." goes on, "250 ..." is the last line.
    private async Task<string> ExpectAsync(int expected)
    {
        var answer = new StringBuilder();
        while (true)
        {
            var line = await _reader.ReadLineAsync(_ct) ?? throw new IOException("the server closed the connection");
            answer.AppendLine(line);
            if (line.Length >= 4 && line[3] == '-')
            {
                continue;
            }

            return line.Length > 0 && line[0] - '0' == expected ? answer.ToString() : throw new BindingException($"smtp binding error: the server said: {line}");
        }
    }

    // A line that begins with a dot would end the mail. Base64 has none; a header might.
    private static byte[] Stuffed(byte[] mail) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(mail).Replace("\r\n.", "\r\n..", StringComparison.Ordinal));
}
