using System.Text.Json;
using Grpc.Net.Client;

namespace Dapr.Client;

/// <summary>Makes a <see cref="DaprClient"/>; unset values come from the environment.</summary>
public sealed class DaprClientBuilder
{
    private string _grpcEndpoint = DaprDefaults.GetDefaultGrpcEndpoint();
    private string _httpEndpoint = DaprDefaults.GetDefaultHttpEndpoint();
    private string _apiToken = DaprDefaults.GetDefaultDaprApiToken(null);
    private JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);
    private GrpcChannelOptions _channel = new() { ThrowOperationCanceledOnCancellation = true };
    private TimeSpan _timeout;

    /// <summary>The sidecar's HTTP API: health and service invocation.</summary>
    public DaprClientBuilder UseHttpEndpoint(string httpEndpoint)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(httpEndpoint, nameof(httpEndpoint));
        _httpEndpoint = httpEndpoint;
        return this;
    }

    /// <summary>The sidecar's gRPC API: everything else.</summary>
    public DaprClientBuilder UseGrpcEndpoint(string grpcEndpoint)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(grpcEndpoint, nameof(grpcEndpoint));
        _grpcEndpoint = grpcEndpoint;
        return this;
    }

    /// <summary>How values become JSON, instead of the web defaults.</summary>
    public DaprClientBuilder UseJsonSerializationOptions(JsonSerializerOptions options)
    {
        _json = options;
        return this;
    }

    /// <summary>How the channel connects, instead of the defaults, which throw <see cref="OperationCanceledException"/> on cancellation.</summary>
    public DaprClientBuilder UseGrpcChannelOptions(GrpcChannelOptions grpcChannelOptions)
    {
        _channel = grpcChannelOptions;
        return this;
    }

    /// <summary>The token for the sidecar.</summary>
    public DaprClientBuilder UseDaprApiToken(string apiToken)
    {
        _apiToken = apiToken;
        return this;
    }

    /// <summary>Limit of HTTP calls; gRPC calls have none.</summary>
    public DaprClientBuilder UseTimeout(TimeSpan timeout)
    {
        _timeout = timeout;
        return this;
    }

    /// <summary>The client.</summary>
    /// <exception cref="InvalidOperationException">An endpoint is neither http nor https.</exception>
    public DaprClient Build()
    {
        var grpc = Endpoint(_grpcEndpoint, "gRPC");
        var http = Endpoint(_httpEndpoint, "HTTP");
        var httpClient = new HttpClient();
        if (_timeout > TimeSpan.Zero)
        {
            httpClient.Timeout = _timeout;
        }

        return new DaprClientGrpc(GrpcChannel.ForAddress(grpc, _channel), httpClient, http, _json, _apiToken);
    }

    private static Uri Endpoint(string text, string kind)
    {
        var endpoint = new Uri(text);
        return endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new InvalidOperationException($"The {kind} endpoint must use http or https.");
    }
}
