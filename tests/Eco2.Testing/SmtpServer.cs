using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Eco2.Services.Tests.Auth;

/// <summary>Takes mails over SMTP on loopback and gives out the first whole conversation, without TLS.</summary>
internal sealed class SmtpServer : IDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stopping = new();

    private SmtpServer(TcpListener listener) => this.listener = listener;

    public static Task<SmtpServer> StartAsync(int port, TaskCompletionSource<string> received)
    {
        var server = new SmtpServer(new TcpListener(IPAddress.Loopback, port));
        server.listener.Start();
        _ = server.RunAsync(received);
        return Task.FromResult(server);
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
                received.TrySetResult(await TalkAsync(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
                // The next one, or the end.
            }
        }
    }

    private static async Task<string> TalkAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        await using var writer = new StreamWriter(client.GetStream(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\r\n" };
        await writer.WriteLineAsync("220 ready");
        var conversation = new StringBuilder();
        var data = false;
        while (await reader.ReadLineAsync() is { } line)
        {
            conversation.Append(line).Append('\n');
            if (data && line != ".")
            {
                continue;
            }

            data = line == "DATA";
            await writer.WriteLineAsync(data ? "354 go on" : line == "QUIT" ? "221 bye" : "250 ok");
            if (line == "QUIT")
            {
                break;
            }
        }

        return conversation.ToString();
    }
}
