using Microsoft.Extensions.Configuration;

namespace Dapr;

/// <summary>Where a sidecar is and which tokens are in use, unless something says otherwise.</summary>
public static class DaprDefaults
{
    /// <summary>Token the app sends to its sidecar.</summary>
    public const string DaprApiTokenEnvironmentVariableName = "DAPR_API_TOKEN";

    /// <summary>Token the sidecar sends to its app.</summary>
    public const string AppApiTokenEnvironmentVariableName = "APP_API_TOKEN";

    /// <summary>Scheme, host and port of the HTTP API; wins over the port.</summary>
    public const string DaprHttpEndpointEnvironmentVariableName = "DAPR_HTTP_ENDPOINT";

    /// <summary>Port of the HTTP API on this host.</summary>
    public const string DaprHttpPortEnvironmentVariableName = "DAPR_HTTP_PORT";

    /// <summary>Scheme, host and port of the gRPC API; wins over the port.</summary>
    public const string DaprGrpcEndpointEnvironmentVariableName = "DAPR_GRPC_ENDPOINT";

    /// <summary>Port of the gRPC API on this host.</summary>
    public const string DaprGrpcPortEnvironmentVariableName = "DAPR_GRPC_PORT";

    /// <summary>Scheme when only a port is known.</summary>
    public const string DefaultDaprScheme = "http";

    /// <summary>Host when only a port is known.</summary>
    public const string DefaultDaprHost = "localhost";

    /// <summary>Port of the HTTP API when nothing is known.</summary>
    public const int DefaultHttpPort = 3500;

    /// <summary>Port of the gRPC API when nothing is known.</summary>
    public const int DefaultGrpcPort = 50001;

    /// <summary>The token for the sidecar; empty if none.</summary>
    public static string GetDefaultDaprApiToken(IConfiguration? configuration) =>
        Read(configuration, DaprApiTokenEnvironmentVariableName) ?? "";

    /// <summary>A client from the factory for the HTTP API, which carries the token for the sidecar.</summary>
    public static HttpClient CreateDefaultHttpClient(IHttpClientFactory httpClientFactory, IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(httpClientFactory);
        var client = httpClientFactory.CreateClient();
        client.BaseAddress = new Uri(GetDefaultHttpEndpoint(configuration));
        var token = GetDefaultDaprApiToken(configuration);
        if (!string.IsNullOrWhiteSpace(token))
        {
            client.DefaultRequestHeaders.Add(Common.DaprHeaders.ApiToken, token);
        }

        return client;
    }

    /// <summary>The token the sidecar must send; empty if none.</summary>
    public static string GetDefaultAppApiToken(IConfiguration? configuration) =>
        Read(configuration, AppApiTokenEnvironmentVariableName) ?? "";

    /// <summary>The HTTP API's address, with a slash at its end.</summary>
    /// <exception cref="FormatException">The port is no number.</exception>
    public static string GetDefaultHttpEndpoint(IConfiguration? configuration = null) =>
        Endpoint(configuration, DaprHttpEndpointEnvironmentVariableName, DaprHttpPortEnvironmentVariableName, DefaultHttpPort);

    /// <summary>The gRPC API's address, with a slash at its end.</summary>
    /// <exception cref="FormatException">The port is no number.</exception>
    public static string GetDefaultGrpcEndpoint(IConfiguration? configuration = null) =>
        Endpoint(configuration, DaprGrpcEndpointEnvironmentVariableName, DaprGrpcPortEnvironmentVariableName, DefaultGrpcPort);

    private static string Endpoint(IConfiguration? configuration, string endpointName, string portName, int defaultPort)
    {
        if (Read(configuration, endpointName) is { } endpoint && !string.IsNullOrWhiteSpace(endpoint))
        {
            var given = new Uri(endpoint);
            return new UriBuilder(given.Scheme, given.Host, given.Port).ToString();
        }

        var port = Read(configuration, portName) is { } text && !string.IsNullOrWhiteSpace(text)
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : defaultPort;
        return new UriBuilder(DefaultDaprScheme, DefaultDaprHost, port).ToString();
    }

    // Configuration that says nothing has said something: then the environment is not asked.
    private static string? Read(IConfiguration? configuration, string name) =>
        configuration?[name] ?? Environment.GetEnvironmentVariable(name);
}
