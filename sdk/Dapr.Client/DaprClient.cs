using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.Common;

namespace Dapr.Client;

/// <summary>The sidecar's APIs. One instance serves the whole process; it is safe to use from many threads.</summary>
public abstract partial class DaprClient : IDisposable
{
    private bool _disposed;

    /// <summary>How values become JSON and back.</summary>
    public abstract JsonSerializerOptions JsonSerializerOptions { get; }

    /// <summary>Whether the sidecar answers its health check with success.</summary>
    public abstract Task<bool> CheckHealthAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether the sidecar can be used for outgoing calls: its components are ready, whatever the app is.</summary>
    public abstract Task<bool> CheckOutboundHealthAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks for outbound health twice a second until it is good.</summary>
    public abstract Task WaitForSidecarAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the sidecar.</summary>
    /// <exception cref="Grpc.Core.RpcException">The call failed.</exception>
    public abstract Task ShutdownSidecarAsync(CancellationToken cancellationToken = default);

    /// <summary>What the sidecar says of itself.</summary>
    public abstract Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken = default);

    /// <summary>Adds an attribute to what the sidecar says of itself.</summary>
    public abstract Task SetMetadataAsync(string attributeName, string attributeValue, CancellationToken cancellationToken = default);

    /// <summary>A secret: its keys and values, one of each in most stores.</summary>
    public abstract Task<Dictionary<string, string>> GetSecretAsync(
        string storeName, string key, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Every secret this app may read, by name.</summary>
    public abstract Task<Dictionary<string, Dictionary<string, string>>> GetBulkSecretAsync(
        string storeName, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Closes what the client opened.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            Dispose(disposing: true);
            _disposed = true;
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the client opened.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>What HTTP calls of this SDK name themselves.</summary>
    protected static ProductInfoHeaderValue UserAgent() => new(DaprHeaders.Product, DaprHeaders.Version);
}
