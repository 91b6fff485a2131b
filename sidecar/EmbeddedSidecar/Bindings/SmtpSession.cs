using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace EmbeddedSidecar.Bindings;

internal sealed record SmtpOptions(string Host, int Port, string? User, string? Password, bool SkipTlsVerify);

/// <summary>Hands one mail to an SMTP server: TLS at once on port 465, by STARTTLS where offered, plain otherwise.</summary>
internal sealed class SmtpSession : IDisposable
{
    private const string Failure = "error from smtp binding, sending email failed: ";
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
            throw new BindingException($"{Failure}{server.Host}:{server.Port}: {failed.Message}", inner: failed);
        }
        catch (OperationCanceledException slow) when (!ct.IsCancellationRequested)
        {
            throw new BindingException($"{Failure}{server.Host}:{server.Port} did not answer within {Limit}", inner: slow);
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _stream.Dispose();
    }

    private static StreamReader Reader(Stream stream) => new(stream, Encoding.UTF8, leaveOpen: true);

    // An address goes into a command line and must stay one word. Daprd's library encodes a text with other letters as a whole, so that
    // what is left of the address is nonsense to the server.
    private static string Address(string text)
    {
        var from = text.IndexOf('<');
        var to = text.IndexOf('>');
        var address = from >= 0 && to > from ? text[(from + 1)..to] : text.Trim();
        return Ascii.IsValid(text) && address.Contains('@', StringComparison.Ordinal) && address.AsSpan().IndexOfAny("\r\n <>") < 0
            ? address
            : throw new BindingException($"{Failure}gomail: could not send email 1: gomail: invalid address \"{text}\"");
    }

    private async Task SendAsync(string from, IReadOnlyList<string> recipients, byte[] mail)
    {
        if (_server.Port == 465)
        {
            await SecureAsync();
        }

        var sender = Address(from);
        var addresses = recipients.Select(Address).Distinct(StringComparer.Ordinal).ToList();
        await ExpectAsync(2);
        var offers = await GreetAsync();
        if (_stream is not SslStream && offers.Contains("STARTTLS", StringComparison.OrdinalIgnoreCase))
        {
            await TellAsync("STARTTLS", 2);
            await SecureAsync();
            offers = await GreetAsync();
        }

        if (_server is { User: { } user, Password: { } password })
        {
            await AuthenticateAsync(offers, user, password);
        }

        await TellAsync($"MAIL FROM:<{sender}>", 2);
        foreach (var address in addresses)
        {
            await TellAsync($"RCPT TO:<{address}>", 2);
        }

        await TellAsync("DATA", 3);
        await _stream.WriteAsync(Stuffed(mail), _ct);
        await TellAsync(".", 2);
        try
        {
            await TellAsync("QUIT", 2);
        }
        catch (Exception gone) when (gone is IOException or BindingException)
        {
            // The mail is accepted, however the goodbye goes.
        }
    }

    // A server that offers no login gets none.
    private async Task AuthenticateAsync(string offers, string user, string password)
    {
        var ways = offers.Split('\n', StringSplitOptions.TrimEntries).FirstOrDefault(line => line.Length > 8 && line.AsSpan(4).StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase));
        if (ways is null)
        {
            return;
        }

        if (ways.Contains("CRAM-MD5", StringComparison.Ordinal))
        {
            var challenge = await TellAsync("AUTH CRAM-MD5", 3);
#pragma warning disable CA5351 // The server's choice; a better one comes with TLS.
            var answer = HMACMD5.HashData(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(challenge.Trim()[4..]));
#pragma warning restore CA5351
            await TellAsync(Base64($"{user} {Convert.ToHexStringLower(answer)}"), 2);
            return;
        }

        if (ways.Contains("LOGIN", StringComparison.Ordinal) && !ways.Contains("PLAIN", StringComparison.Ordinal))
        {
            await TellAsync("AUTH LOGIN", 3);
            await TellAsync(Base64(user), 3);
            await TellAsync(Base64(password), 2);
            return;
        }

        if (_stream is not SslStream && _server.Host is not ("localhost" or "127.0.0.1" or "::1"))
        {
            throw new BindingException(Failure + "unencrypted connection");
        }

        await TellAsync("AUTH PLAIN " + Base64($"\0{user}\0{password}"), 2);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

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

            return line.Length > 0 && line[0] - '0' == expected ? answer.ToString() : throw new BindingException(Failure + line);
        }
    }

    // A line that begins with a dot would end the mail. Base64 has none; a header might.
    private static byte[] Stuffed(byte[] mail) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(mail).Replace("\r\n.", "\r\n..", StringComparison.Ordinal));
}
