namespace Grpc.Net.Client;

/// <summary>How a channel connects. The in-repo layer has the settings it can honour; the rest of the official type is absent.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>Largest message to send, in bytes; null: no limit.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Largest message to accept, in bytes; 4 MiB unless set; null: no limit.</summary>
    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Client to send with, instead of one of the channel's own. Its timeout bounds the calls.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>Handler to send with, instead of one of the channel's own. Not together with <see cref="HttpClient"/>.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes what was given as client or handler.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Whether a cancelled call throws <see cref="OperationCanceledException"/> rather than an <see cref="Core.RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>HTTP version; null: 2.0.</summary>
    public Version? HttpVersion { get; set; }

    /// <summary>HTTP version policy; null: exactly the version.</summary>
    public HttpVersionPolicy? HttpVersionPolicy { get; set; }
}
