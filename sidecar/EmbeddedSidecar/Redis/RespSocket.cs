using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;

namespace EmbeddedSidecar.Redis;

/// <summary>One opened and authenticated connection: a stream to write to and a pipe to read from.</summary>
internal sealed class RespSocket : IAsyncDisposable
{
    private readonly Socket _socket;

    private RespSocket(Socket socket, Stream stream)
    {
        _socket = socket;
        Stream = stream;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024));
    }

    public Stream Stream { get; }

    public PipeReader Input { get; }

    /// <exception cref="RedisUnavailableException">Nobody listens there, or not in time.</exception>
    /// <exception cref="RedisReplyException">Wrong password, unknown database.</exception>
    public static async Task<RespSocket> OpenAsync(RedisOptions options, IReadOnlyList<string> scripts, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.DialTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(options.Host, options.Port, limit.Token);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (options.Tls)
            {
                stream = await SecureAsync(stream, options, limit.Token);
            }

            var opened = new RespSocket(socket, stream);
            await opened.GreetAsync(options, scripts, limit.Token);
            return opened;
        }
        catch (Exception failed) when (failed is SocketException or IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            await CloseAsync(socket, stream);
            ct.ThrowIfCancellationRequested();
            throw new RedisUnavailableException($"Redis at {options} is not reachable: {failed.Message}", failed);
        }
        catch (RedisReplyException)
        {
            await CloseAsync(socket, stream);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync();
        await CloseAsync(_socket, Stream);
    }

    /// <summary>Reads the next reply; null when the server closed the connection.</summary>
    public async ValueTask<RespValue?> ReadAsync(CancellationToken ct)
    {
        while (true)
        {
            var read = await Input.ReadAsync(ct);
            var buffer = read.Buffer;
            if (RespValue.TryParse(ref buffer, out var value))
            {
                Input.AdvanceTo(buffer.Start);
                return value;
            }

            Input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    private static async Task<Stream> SecureAsync(Stream plain, RedisOptions options, CancellationToken ct)
    {
        var tls = new SslStream(plain);
        var authentication = new SslClientAuthenticationOptions { TargetHost = options.Host };
        if (options.Certificate is { } certificate)
        {
            authentication.ClientCertificateContext = certificate.Chain();
        }

        if (options.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The component says insecureSkipTLSVerify.
            authentication.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        await tls.AuthenticateAsClientAsync(authentication, ct);
        return tls;
    }

    // Who we are, which database, and the scripts that later commands name by their hash: a server that restarted has lost them.
    private async Task GreetAsync(RedisOptions options, IReadOnlyList<string> scripts, CancellationToken ct)
    {
        if (!string.IsNullOrEmpty(options.Password))
        {
            await (options.Username is { Length: > 0 } user
                ? AskAsync(ct, "AUTH", user, options.Password)
                : AskAsync(ct, "AUTH", options.Password));
        }

        if (options.Database != 0)
        {
            await AskAsync(ct, "SELECT", options.Database);
        }

        // A server that has just started answers before it has read its data; every command but AUTH would fail.
        while (await SendAsync(ct, "PING") is { Error: { } error } && error.StartsWith("LOADING", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), ct);
        }

        foreach (var script in scripts)
        {
            await AskAsync(ct, "SCRIPT", "LOAD", script);
        }
    }

    private async Task AskAsync(CancellationToken ct, params RespArg[] words) => (await SendAsync(ct, words)).OrThrow();

    private async Task<RespValue> SendAsync(CancellationToken ct, params RespArg[] words)
    {
        var output = new ArrayBufferWriter<byte>();
        RespArg.WriteCommand(output, words);
        await Stream.WriteAsync(output.WrittenMemory, ct);
        return await ReadAsync(ct) ?? throw new IOException("The server closed the connection.");
    }

    private static async ValueTask CloseAsync(Socket socket, Stream? stream)
    {
        if (stream is not null)
        {
            await stream.DisposeAsync();
        }

        socket.Dispose();
    }
}
