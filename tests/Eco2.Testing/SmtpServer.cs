using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Eco2.Testing;

/// <summary>Takes mails over SMTP on loopback and gives out the first whole conversation; with a certificate it offers STARTTLS and takes a password.</summary>
public sealed class SmtpServer : IDisposable
{
    private readonly TcpListener listener;
    private readonly X509Certificate2? certificate;
    private readonly CancellationTokenSource stopping = new();

    private SmtpServer(TcpListener listener, X509Certificate2? certificate) => (this.listener, this.certificate) = (listener, certificate);

    public static SmtpServer Start(int port, TaskCompletionSource<string> received, X509Certificate2? certificate = null)
    {
        var server = new SmtpServer(new TcpListener(IPAddress.Loopback, port), certificate);
        server.listener.Start();
        _ = server.RunAsync(received);
        return server;
    }

    public void Dispose()
    {
        stopping.Cancel();
        listener.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(TaskCompletionSource<string> received)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stopping.Token);
                var conversation = new StringBuilder();
                if (await TalkAsync(client.GetStream(), conversation, greet: true))
                {
                    await using var secured = new SslStream(client.GetStream());
                    await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stopping.Token);
                    conversation.Append("(secured)\n");
                    await TalkAsync(secured, conversation, greet: false);
                }

                received.TrySetResult(conversation.ToString());
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
            {
                // The next one, or the end.
            }
        }
    }

    /// <summary>True when the client wants to go on over TLS.</summary>
    private async Task<bool> TalkAsync(Stream stream, StringBuilder conversation, bool greet)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true, NewLine = "\r\n" };
        if (greet)
        {
            await writer.WriteLineAsync("220 ready");
        }

        var data = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            conversation.Append(line).Append('\n');
            if (data && line != ".")
            {
                continue;
            }

            data = line == "DATA";
            // The first line of the answer is a greeting, whatever it says.
            var offers = certificate is null ? "" : stream is SslStream ? "250-hello\r\n250-AUTH PLAIN\r\n" : "250-hello\r\n250-STARTTLS\r\n";
            await writer.WriteLineAsync(line switch
            {
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "STARTTLS" => "220 go on",
                _ when line.StartsWith("EHLO", StringComparison.Ordinal) => offers + "250 ok",
                _ when line.StartsWith("AUTH", StringComparison.Ordinal) => "235 ok",
                _ => "250 ok",
            });
            if (line is "QUIT" or "STARTTLS")
            {
                return line == "STARTTLS";
            }
        }

        return false;
    }
}
