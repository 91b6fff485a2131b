using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Cryptography;

/// <summary>
/// The cryptography API without a provider, since there are no components of that kind here: it answers as a daprd does in which none
/// is configured, and the calls of single operations, which are in no released daprd, as there.
/// </summary>
internal sealed class CryptographyBlock(HostServices services) : IBuildingBlock
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    private static readonly TimeSpan FirstMessageWithin = TimeSpan.FromSeconds(5);

    public void MapHttp(HttpRoutes routes)
    {
        routes.Map("PUT", "/v1.0-alpha1/crypto/{name}/encrypt", _ => throw NoProviders());
        routes.Map("PUT", "/v1.0-alpha1/crypto/{name}/decrypt", _ => throw NoProviders());
        foreach (var operation in (string[])["getkey", "encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"])
        {
            routes.Map("POST", $"/v1.0-alpha1/subtlecrypto/{{name}}/{operation}", async call =>
            {
                _ = await ProtobufJson.ReadAsync<Empty>(call);
                throw Unimplemented();
            });
        }
    }

    public void MapGrpc(GrpcRoutes routes)
    {
        routes.MapDuplex<EncryptRequest, EncryptResponse>(Service + "EncryptAlpha1", EncryptRequest.Parser, EncryptAsync, headersFirst: false);
        routes.MapDuplex<DecryptRequest, DecryptResponse>(Service + "DecryptAlpha1", DecryptRequest.Parser, DecryptAsync, headersFirst: false);
        foreach (var operation in (string[])["GetKey", "Encrypt", "Decrypt", "WrapKey", "UnwrapKey", "Sign", "Verify"])
        {
            routes.MapUnary<Empty, Empty>($"{Service}Subtle{operation}Alpha1", Empty.Parser, (_, _) => throw Unimplemented());
        }
    }

    private async Task EncryptAsync(GrpcCall call, GrpcReader<EncryptRequest> requests, GrpcWriter<EncryptResponse> answers)
    {
        var options = (await FirstAsync(call, requests)).Options ?? throw BadRequest("first message does not contain the required options");
        throw options.KeyName.Length == 0 ? BadRequest("missing property 'keyName' in the options message")
            : options.KeyWrapAlgorithm.Length == 0 ? BadRequest("missing property 'keyWrapAlgorithm' in the options message")
            : NoProviders();
    }

    private async Task DecryptAsync(GrpcCall call, GrpcReader<DecryptRequest> requests, GrpcWriter<DecryptResponse> answers)
    {
        _ = (await FirstAsync(call, requests)).Options ?? throw BadRequest("first message does not contain the required options");
        throw NoProviders();
    }

    private async Task<T> FirstAsync<T>(GrpcCall call, GrpcReader<T> requests)
        where T : class, IMessage<T>
    {
        using var timer = new CancellationTokenSource(FirstMessageWithin, services.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, timer.Token);
        try
        {
            return await requests.ReadAsync(limit.Token)
                ?? throw new DaprException("ERR_CRYPTO", 500, StatusCode.Internal, "failed to perform operation: error receiving the first message: EOF");
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !call.Aborted.IsCancellationRequested)
        {
            throw BadRequest("error waiting for first message: context deadline exceeded");
        }
    }

    private static DaprException NoProviders() =>
        new("ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", 500, StatusCode.Internal, "crypto providers not configured");

    private static DaprException BadRequest(string why) => new("ERR_BAD_REQUEST", 400, StatusCode.InvalidArgument, $"invalid request: {why}");

    private static DaprException Unimplemented() =>
        new("ERR_API_UNIMPLEMENTED", 501, StatusCode.Unimplemented, "this API is currently not implemented");
}
