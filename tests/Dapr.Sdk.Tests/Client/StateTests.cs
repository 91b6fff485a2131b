using Dapr.Client;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

/// <summary>State as it goes over the wire.</summary>
public sealed class StateTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private ClientOnStandIn<DaprClient> _dapr = null!;

    public async Task InitializeAsync() => _dapr = await ClientOnStandIn.StartAsync();

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task An_absent_key_reads_as_default_with_an_empty_etag()
    {
        _dapr.Sidecar.OnUnary(Service + "GetState", Wire.GetStateRequest.Parser, _ => new Wire.GetStateResponse());

        var (value, etag) = await _dapr.Client.GetStateAndETagAsync<int>("s", "k");

        Assert.Equal((0, ""), (value, etag));
    }

    [Fact]
    public async Task Values_go_out_as_web_json_and_a_null_as_nothing()
    {
        var saved = new List<Wire.SaveStateRequest>();
        _dapr.Sidecar.OnUnary(Service + "SaveState", Wire.SaveStateRequest.Parser, request =>
        {
            saved.Add(request);
            return new Empty();
        });

        await _dapr.Client.SaveStateAsync("s", "k", new { UserName = "하나" }, new StateOptions { Concurrency = ConcurrencyMode.FirstWrite });
        await _dapr.Client.SaveStateAsync<string?>("s", "k", null);

        Assert.Equal("하나", System.Text.Json.JsonDocument.Parse(saved[0].States[0].Value.ToStringUtf8()).RootElement.GetProperty("userName").GetString());
        Assert.Equal(Wire.StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite, saved[0].States[0].Options.Concurrency);
        Assert.True(saved[1].States[0].Value.IsEmpty);
        Assert.Null(saved[1].States[0].Options);
    }

    [Theory]
    [InlineData(StatusCode.Aborted, true)]
    [InlineData(StatusCode.Internal, false)]
    public async Task Only_aborted_means_that_the_etag_differs(StatusCode code, bool differs)
    {
        _dapr.Sidecar.On(Service + "SaveState", call => call.FailAsync(code, "다른 버전"));

        var attempt = () => _dapr.Client.TrySaveStateAsync("s", "k", 1, "7");

        if (differs)
        {
            Assert.False(await attempt());
            return;
        }

        var failure = await Assert.ThrowsAsync<DaprException>(attempt);
        Assert.Equal((code, "다른 버전"), (((RpcException)failure.InnerException!).StatusCode, ((RpcException)failure.InnerException).Status.Detail));
        Assert.StartsWith("State operation failed: the Dapr endpoint indicated a failure.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saving_in_bulk_sends_no_token_as_the_official_client_does_not()
    {
        _dapr.Sidecar.OnUnary(Service + "SaveState", Wire.SaveStateRequest.Parser, _ => new Empty());

        await _dapr.Client.SaveBulkStateAsync("s", [new SaveStateItem<int>("a", 1, "")]);

        Assert.DoesNotContain("dapr-api-token", Assert.Single(_dapr.Sidecar.Calls).Headers.Keys);
    }

    [Fact]
    public async Task A_transaction_carries_raw_bytes_and_lower_case_operations()
    {
        Wire.ExecuteStateTransactionRequest? sent = null;
        _dapr.Sidecar.OnUnary(Service + "ExecuteStateTransaction", Wire.ExecuteStateTransactionRequest.Parser, request =>
        {
            sent = request;
            return new Empty();
        });

        await _dapr.Client.ExecuteStateTransactionAsync(
            "s", [new("a", "1"u8.ToArray(), StateOperationType.Upsert, etag: "5"), new("b", null, StateOperationType.Delete)]);

        Assert.Equal(["upsert", "delete"], sent!.Operations.Select(o => o.OperationType));
        Assert.Equal(("1", "5"), (sent.Operations[0].Request.Value.ToStringUtf8(), sent.Operations[0].Request.Etag.Value));
    }
}
