using System.Reflection;
using System.Text.Json;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;

namespace Dapr.Common;

/// <summary>Base of the builders of clients: where the sidecar is, how to reach it, how values become JSON.</summary>
public abstract class DaprGenericClientBuilder<TClientBuilder>
    where TClientBuilder : class, IDaprClient
{
    private string _httpEndpoint;
    private string _grpcEndpoint;
    private GrpcChannelOptions? _channel;
    private IHttpClientFactory? _httpClientFactory;
    private TimeSpan _timeout;

    /// <summary>The token comes from the configuration, then the environment; endpoints from the environment alone.</summary>
    protected DaprGenericClientBuilder(IConfiguration? configuration = null)
    {
        _httpEndpoint = DaprDefaults.GetDefaultHttpEndpoint();
        _grpcEndpoint = DaprDefaults.GetDefaultGrpcEndpoint();
        DaprApiToken = DaprDefaults.GetDefaultDaprApiToken(configuration);
    }

    /// <summary>How values become JSON.</summary>
    public JsonSerializerOptions JsonSerializerOptions { get; private set; } = new(JsonSerializerDefaults.Web);

    /// <summary>The token for the sidecar; empty if none.</summary>
    public string DaprApiToken { get; private set; }

    /// <summary>The sidecar's HTTP API.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseHttpEndpoint(string httpEndpoint)
    {
        ArgumentException.ThrowIfNullOrEmpty(httpEndpoint);
        _httpEndpoint = httpEndpoint;
        return this;
    }

    /// <summary>Where HTTP clients come from.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseHttpClientFactory(IHttpClientFactory httpClientFactory)
    {
        _httpClientFactory = httpClientFactory ?? throw new ArgumentNullException(nameof(httpClientFactory));
        return this;
    }

    /// <summary>The sidecar's gRPC API.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseGrpcEndpoint(string grpcEndpoint)
    {
        ArgumentException.ThrowIfNullOrEmpty(grpcEndpoint);
        _grpcEndpoint = grpcEndpoint;
        return this;
    }

    /// <summary>How values become JSON, instead of the web defaults.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseJsonSerializationOptions(JsonSerializerOptions options)
    {
        JsonSerializerOptions = options;
        return this;
    }

    /// <summary>How the channel connects.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseGrpcChannelOptions(GrpcChannelOptions grpcChannelOptions)
    {
        _channel = grpcChannelOptions;
        return this;
    }

    /// <summary>The token for the sidecar.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseDaprApiToken(string apiToken)
    {
        DaprApiToken = apiToken;
        return this;
    }

    /// <summary>Limit of every call.</summary>
    public DaprGenericClientBuilder<TClientBuilder> UseTimeout(TimeSpan timeout)
    {
        _timeout = timeout;
        return this;
    }

    /// <summary>The client.</summary>
    public abstract TClientBuilder Build();

    /// <summary>Channel, HTTP client, HTTP endpoint and token as the settings say.</summary>
    /// <exception cref="InvalidOperationException">An endpoint is neither http nor https.</exception>
    protected (GrpcChannel channel, HttpClient httpClient, Uri httpEndpoint, string daprApiToken) BuildDaprClientDependencies(Assembly assembly)
    {
        var http = Endpoint(_httpEndpoint, "HTTP");
        var grpc = Endpoint(_grpcEndpoint, "gRPC");
        var client = _httpClientFactory?.CreateClient() ?? new HttpClient();
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"{DaprHeaders.Product}/{DaprHeaders.Version}");
        var channel = _channel ?? new GrpcChannelOptions { ThrowOperationCanceledOnCancellation = true };
        if (_timeout > TimeSpan.Zero)
        {
            client.Timeout = _timeout;
            if (channel.HttpHandler is null)
            {
                channel.HttpClient ??= client;
            }
        }

        return (GrpcChannel.ForAddress(grpc, channel), client, http, DaprApiToken);
    }

    private static Uri Endpoint(string text, string kind)
    {
        var endpoint = new Uri(text);
        return endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new InvalidOperationException($"The {kind} endpoint must use http or https.");
    }
}
