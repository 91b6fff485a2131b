namespace Grpc.Net.Client;

/// <summary>A connection to a gRPC server, made when it is first needed and shared by all calls.</summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly bool _ownsHttp;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
    {
        if (options.HttpClient is not null && options.HttpHandler is not null)
        {
            throw new ArgumentException("Give HttpClient or HttpHandler, not both.", nameof(options));
        }

        Address = address;
        Options = options;
        _ownsHttp = options.DisposeHttpClient || (options.HttpClient ?? (object?)options.HttpHandler) is null;
        Http = options.HttpClient ?? new HttpMessageInvoker(options.HttpHandler ?? DefaultHandler(), disposeHandler: _ownsHttp);
    }

    /// <summary>Host and port.</summary>
    public string Target => Address.Authority;

    internal Uri Address { get; }

    internal GrpcChannelOptions Options { get; }

    internal HttpMessageInvoker Http { get; }

    /// <summary>A channel to an http (cleartext) or https address.</summary>
    public static GrpcChannel ForAddress(string address) => ForAddress(new Uri(address), new GrpcChannelOptions());

    /// <summary>A channel to an http (cleartext) or https address.</summary>
    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    /// <summary>A channel to an http (cleartext) or https address.</summary>
    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <summary>A channel to an http (cleartext) or https address.</summary>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    /// <summary>Closes the connection; calls under way end as cancelled.</summary>
    public void Dispose()
    {
        if (_ownsHttp)
        {
            Http.Dispose();
        }
    }

    // Pings notice a sidecar that vanished without closing. Servers refuse pings more often than every 10 seconds.
    private static SocketsHttpHandler DefaultHandler() => new()
    {
        EnableMultipleHttp2Connections = true,
        // A picture fits without waiting for leave to send the rest.
        InitialHttp2StreamWindowSize = 1024 * 1024,
        KeepAlivePingDelay = TimeSpan.FromSeconds(15),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        AllowAutoRedirect = false,
        UseCookies = false,
    };
}
