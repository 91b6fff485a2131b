using System.Text.Json;
using Dapr.Common;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

/// <summary>The client: gRPC for everything but health checks and service invocation.</summary>
internal sealed partial class DaprClientGrpc : DaprClient
{
    private readonly GrpcChannel _channel;
    private readonly GrpcInvoker _grpc;
    private readonly HttpClient _http;
    private readonly Uri _httpEndpoint;
    private readonly JsonSerializerOptions _json;
    private readonly string? _apiToken;

    public DaprClientGrpc(GrpcChannel channel, HttpClient http, Uri httpEndpoint, JsonSerializerOptions json, string? apiToken)
    {
        _channel = channel;
        _grpc = new GrpcInvoker(channel, "dapr.proto.runtime.v1.Dapr", apiToken);
        _http = http;
        _http.DefaultRequestHeaders.UserAgent.Add(UserAgent());
        _httpEndpoint = httpEndpoint;
        _json = json;
        _apiToken = string.IsNullOrWhiteSpace(apiToken) ? null : apiToken;
    }

    public override JsonSerializerOptions JsonSerializerOptions => _json;

    public override Task<bool> CheckHealthAsync(CancellationToken cancellationToken = default) =>
        IsHealthyAsync("/v1.0/healthz", cancellationToken);

    public override Task<bool> CheckOutboundHealthAsync(CancellationToken cancellationToken = default) =>
        IsHealthyAsync("/v1.0/healthz/outbound", cancellationToken);

    public override async Task WaitForSidecarAsync(CancellationToken cancellationToken = default)
    {
        while (!await CheckOutboundHealthAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken).ConfigureAwait(false);
        }
    }

    public override Task ShutdownSidecarAsync(CancellationToken cancellationToken = default) =>
        _grpc.UnaryAsync("Shutdown", new Empty(), Empty.Parser, cancellationToken);

    public override async Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken = default)
    {
        var answer = await CallAsync("Get metadata", "GetMetadata", new Wire.GetMetadataRequest(), Wire.GetMetadataResponse.Parser, cancellationToken)
            .ConfigureAwait(false);
        var actors = answer.ActorRuntime?.ActiveActors ?? [];
        return new DaprMetadata(
            answer.Id,
            [.. actors.Select(actor => new DaprActorMetadata(actor.Type, actor.Count))],
            answer.ExtendedMetadata.ToDictionary(),
            [.. answer.RegisteredComponents.Select(c => new DaprComponentsMetadata(c.Name, c.Type, c.Version, [.. c.Capabilities]))]);
    }

    public override async Task SetMetadataAsync(string attributeName, string attributeValue, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(attributeName, nameof(attributeName));
        var request = new Wire.SetMetadataRequest { Key = attributeName, Value = attributeValue };
        await CallAsync("Set metadata", "SetMetadata", request, Empty.Parser, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<Dictionary<string, string>> GetSecretAsync(
        string storeName, string key, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(storeName, nameof(storeName));
        ArgumentVerifier.ThrowIfNullOrEmpty(key, nameof(key));
        var request = new Wire.GetSecretRequest { StoreName = storeName, Key = key };
        Copy(metadata, request.Metadata);
        var answer = await CallAsync("Secret", "GetSecret", request, Wire.GetSecretResponse.Parser, cancellationToken).ConfigureAwait(false);
        return answer.Data.ToDictionary();
    }

    public override async Task<Dictionary<string, Dictionary<string, string>>> GetBulkSecretAsync(
        string storeName, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNull(storeName, nameof(storeName));
        var request = new Wire.GetBulkSecretRequest { StoreName = storeName };
        Copy(metadata, request.Metadata);
        var answer = await CallAsync("Bulk secret", "GetBulkSecret", request, Wire.GetBulkSecretResponse.Parser, cancellationToken).ConfigureAwait(false);
        return answer.Data.ToDictionary(entry => entry.Key, entry => entry.Value.Secrets.ToDictionary());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _channel.Dispose();
            _http.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void Copy(IReadOnlyDictionary<string, string>? from, MapField<string, string> to)
    {
        foreach (var (key, value) in from ?? new Dictionary<string, string>())
        {
            to.Add(key, value);
        }
    }

    private static DaprException Failed(string area, RpcException failure) =>
        new($"{area} operation failed: the Dapr endpoint indicated a failure. See InnerException for details.", failure);

    private async Task<bool> IsHealthyAsync(string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_httpEndpoint, path));
        AddToken(request);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void AddToken(HttpRequestMessage request)
    {
        if (_apiToken is not null)
        {
            request.Headers.TryAddWithoutValidation(DaprHeaders.ApiToken, _apiToken);
        }
    }

    private async Task<TResponse> CallAsync<TResponse>(
        string area, string method, IMessage request, MessageParser<TResponse> parser, CancellationToken ct, bool plain = false)
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            return await _grpc.UnaryAsync(method, request, parser, ct, plain: plain).ConfigureAwait(false);
        }
        catch (RpcException failure)
        {
            throw Failed(area, failure);
        }
    }

    private ByteString Serialize<T>(T value) => UnsafeByteOperations.UnsafeWrap(JsonSerializer.SerializeToUtf8Bytes(value, _json));

    private T? DeserializeState<T>(ByteString data) => Deserialize<T>(data, "State", "the state payload");

    private T? Deserialize<T>(ByteString data, string area, string what = "the response payload")
    {
        if (data.IsEmpty)
        {
            return default;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(data.Span, _json);
        }
        catch (JsonException failure)
        {
            throw new DaprException($"{area} operation failed: {what} could not be deserialized. See InnerException for details.", failure);
        }
    }
}
