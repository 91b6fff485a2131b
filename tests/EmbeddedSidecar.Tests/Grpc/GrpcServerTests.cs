using System.Net;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Grpc;

public sealed class GrpcServerTests : IAsyncLifetime
{
    private const string Dapr = "/dapr.proto.runtime.v1.Dapr/";
    private SidecarFixture _sidecar = null!;
    private GrpcWire _grpc = null!;

    public async Task InitializeAsync()
    {
        _sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("state", "state.in-memory"),
            new AppSettings { AppId = "app" },
            new AppSettings { AppId = "guarded", ApiToken = "secret" });
        _grpc = new GrpcWire(_sidecar["app"].GrpcEndpoint);
    }

    public async Task DisposeAsync()
    {
        _grpc.Dispose();
        await _sidecar.DisposeAsync();
    }

    [Fact]
    public async Task State_goes_in_as_bytes_and_comes_back_with_its_etag()
    {
        await _grpc.UnaryAsync<Empty>(Dapr + "SaveState", Save("k", [0, 1, 255]));

        var found = await _grpc.UnaryAsync<GetStateResponse>(Dapr + "GetState", new GetStateRequest { StoreName = "state", Key = "k" });
        var absent = await _grpc.UnaryAsync<GetStateResponse>(Dapr + "GetState", new GetStateRequest { StoreName = "state", Key = "none" });

        Assert.Equal([0, 1, 255], found.Data.ToByteArray());
        Assert.NotEmpty(found.Etag);
        Assert.Empty(absent.Data);
        Assert.Empty(absent.Etag);
    }

    [Fact]
    public async Task A_wrong_etag_is_ABORTED_alone_and_INTERNAL_in_a_transaction()
    {
        var write = Save("t", [1], "no-such-etag");
        var transaction = new ExecuteStateTransactionRequest { StoreName = "state" };
        transaction.Operations.Add(new TransactionalStateOperation { OperationType = "upsert", Request = write.States[0] });

        var alone = await Assert.ThrowsAsync<WireException>(() => _grpc.UnaryAsync<Empty>(Dapr + "SaveState", write));
        var inside = await Assert.ThrowsAsync<WireException>(() => _grpc.UnaryAsync<Empty>(Dapr + "ExecuteStateTransaction", transaction));

        Assert.Equal(10, alone.Code);
        Assert.Equal(13, inside.Code);
    }

    [Fact]
    public async Task An_unknown_method_is_one_of_an_app_that_is_not_named_and_a_message_may_hold_any_character()
    {
        var unknown = await Assert.ThrowsAsync<WireException>(() => _grpc.UnaryAsync<Empty>("/no.such.Service/Method", new Empty()));
        var strange = await Assert.ThrowsAsync<WireException>(
            () => _grpc.UnaryAsync<GetStateResponse>(Dapr + "GetState", new GetStateRequest { StoreName = "저장소 100%\n", Key = "k" }));

        Assert.Equal((2, "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found"), (unknown.Code, unknown.Detail));
        Assert.Equal(3, strange.Code);
        Assert.Contains("저장소 100%\n", strange.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_RESOURCE_EXHAUSTED_and_the_connection_lives_on()
    {
        var refused = await Assert.ThrowsAsync<WireException>(() => _grpc.UnaryAsync<Empty>(Dapr + "SaveState", Save("big", new byte[5 << 20])));
        await _grpc.UnaryAsync<Empty>(Dapr + "SaveState", Save("small", [1]));

        Assert.Equal(8, refused.Code);
    }

    [Fact]
    public async Task A_compressed_message_is_refused_by_name()
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_sidecar["app"].GrpcEndpoint, Dapr + "GetMetadata"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([1, 0, 0, 0, 0]) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc+proto") } },
        };

        using var response = await http.SendAsync(request);

        // Trailers-only: the status is in the one and only headers frame.
        Assert.Equal("12", response.Headers.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Without_the_api_token_every_call_is_UNAUTHENTICATED_but_health_answers()
    {
        using var guarded = new GrpcWire(_sidecar["guarded"].GrpcEndpoint);
        using var http = new HttpClient { BaseAddress = _sidecar["guarded"].HttpEndpoint };

        var refused = await Assert.ThrowsAsync<WireException>(() => guarded.UnaryAsync<GetMetadataResponse>(Dapr + "GetMetadata", new GetMetadataRequest()));
        using var metadata = await http.GetAsync("/v1.0/metadata");
        using var health = await http.GetAsync("/v1.0/healthz");
        http.DefaultRequestHeaders.Add("dapr-api-token", "secret");
        using var allowed = await http.GetAsync("/v1.0/metadata");

        Assert.Equal((16, "Unauthorized"), (refused.Code, refused.Detail));
        Assert.Equal(HttpStatusCode.Unauthorized, metadata.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, health.StatusCode);
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    private static SaveStateRequest Save(string key, byte[] value, string? etag = null)
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFrom(value) };
        if (etag is not null)
        {
            item.Etag = new Etag { Value = etag };
        }

        return new SaveStateRequest { StoreName = "state", States = { item } };
    }
}
