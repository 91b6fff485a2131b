using Dapr.Client;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

/// <summary>What the client does at the edges: nothing to do, nothing to say, answers that are not JSON, modes that do not exist.</summary>
public sealed class StateEdgeTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private ClientOnStandIn<DaprClient> _dapr = null!;

    public async Task InitializeAsync() => _dapr = await ClientOnStandIn.StartAsync();

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task An_empty_etag_of_an_item_goes_out_and_no_etag_does_not()
    {
        var saved = new List<Wire.SaveStateRequest>();
        _dapr.Sidecar.OnUnary(Service + "SaveState", Wire.SaveStateRequest.Parser, request =>
        {
            saved.Add(request);
            return new Empty();
        });

        await _dapr.Client.SaveBulkStateAsync("s", [new SaveStateItem<int>("a", 1, ""), new SaveStateItem<int>("b", 2, null!)]);

        Assert.Equal("", saved[0].States[0].Etag.Value);
        Assert.Null(saved[0].States[1].Etag);
    }

    [Fact]
    public async Task Deleting_nothing_is_a_call_like_any_other()
    {
        _dapr.Sidecar.OnUnary(Service + "DeleteBulkState", Wire.DeleteBulkStateRequest.Parser, _ => new Empty());

        await _dapr.Client.DeleteBulkStateAsync("s", []);

        Assert.Equal(Service + "DeleteBulkState", Assert.Single(_dapr.Sidecar.Calls).Path);
    }

    [Fact]
    public async Task Other_calls_with_nothing_to_do_are_refused_with_the_task()
    {
        // Not on calling: whoever starts several of them gets several tasks.
        var saving = _dapr.Client.SaveBulkStateAsync<int>("s", []);
        var changing = _dapr.Client.ExecuteStateTransactionAsync("s", []);
        var reading = _dapr.Client.GetBulkStateAsync("s", [], null);
        var unnamed = _dapr.Client.SaveStateAsync("s", "", 1);

        Assert.Equal("items do not contain any elements", (await Assert.ThrowsAsync<ArgumentException>(() => saving)).Message);
        Assert.Equal("operations does not contain any elements", (await Assert.ThrowsAsync<ArgumentException>(() => changing)).Message);
        Assert.Equal("keys do not contain any elements", (await Assert.ThrowsAsync<ArgumentException>(() => reading)).Message);
        Assert.Equal("key", (await Assert.ThrowsAsync<ArgumentException>(() => unnamed)).ParamName);
    }

    [Fact]
    public async Task A_transaction_leaves_an_operation_without_type_to_the_runtime()
    {
        Wire.ExecuteStateTransactionRequest? sent = null;
        _dapr.Sidecar.OnUnary(Service + "ExecuteStateTransaction", Wire.ExecuteStateTransactionRequest.Parser, request =>
        {
            sent = request;
            return new Empty();
        });

        await _dapr.Client.ExecuteStateTransactionAsync("s", [new("a", null, StateOperationType.Upsert) { OperationType = null }]);

        Assert.Equal("", sent!.Operations[0].OperationType);
    }

    [Fact]
    public async Task State_that_is_not_json_is_named_as_the_payload()
    {
        _dapr.Sidecar.OnUnary(Service + "GetState", Wire.GetStateRequest.Parser, _ => new Wire.GetStateResponse { Data = ByteString.CopyFromUtf8("{") });
        _dapr.Sidecar.OnUnary(Service + "InvokeBinding", Wire.InvokeBindingRequest.Parser, _ => new Wire.InvokeBindingResponse { Data = ByteString.CopyFromUtf8("{") });

        var state = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.GetStateAsync<int>("s", "k"));
        var binding = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.InvokeBindingAsync<int, int>("b", "get", 1));

        Assert.Equal("State operation failed: the state payload could not be deserialized. See InnerException for details.", state.Message);
        Assert.Equal("Binding operation failed: the response payload could not be deserialized. See InnerException for details.", binding.Message);
        Assert.All([state, binding], failure => Assert.IsType<System.Text.Json.JsonException>(failure.InnerException));
    }

    [Fact]
    public async Task A_query_goes_out_as_it_is_and_its_refusal_is_spelt_as_officially()
    {
        _dapr.Sidecar.On(Service + "QueryStateAlpha1", call => call.FailAsync(StatusCode.Internal, "no"));

        var failure = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.QueryStateAsync<int>("s", ""));

        Assert.Equal("Query state operation failed: the Dapr endpointed indicated a failure. See InnerException for details.", failure.Message);
        Assert.Single(_dapr.Sidecar.Calls);
    }

    [Fact]
    public async Task Modes_that_do_not_exist_are_refused()
    {
        var read = await Assert.ThrowsAsync<ArgumentException>(() => _dapr.Client.GetStateAsync<int>("s", "k", (ConsistencyMode)7));
        var write = await Assert.ThrowsAsync<ArgumentException>(() => _dapr.Client.SaveStateAsync("s", "k", 1, new StateOptions { Concurrency = (ConcurrencyMode)7 }));

        Assert.Equal(("7 Consistency Mode is not supported.", "7 Concurrency Mode is not supported."), (read.Message, write.Message));
        Assert.Empty(_dapr.Sidecar.Calls);
    }

    [Fact]
    public async Task A_binding_without_a_value_gets_the_json_null()
    {
        Wire.InvokeBindingRequest? sent = null;
        _dapr.Sidecar.OnUnary(Service + "InvokeBinding", Wire.InvokeBindingRequest.Parser, request =>
        {
            sent = request;
            return new Wire.InvokeBindingResponse();
        });

        await _dapr.Client.InvokeBindingAsync<string?>("b", "list", null);

        Assert.Equal("null", sent!.Data.ToStringUtf8());
    }

    [Fact]
    public async Task Bytes_without_a_type_are_published_as_json_and_a_failed_entry_has_its_metadata()
    {
        Wire.PublishEventRequest? sent = null;
        _dapr.Sidecar.OnUnary(Service + "PublishEvent", Wire.PublishEventRequest.Parser, request =>
        {
            sent = request;
            return new Empty();
        });
        _dapr.Sidecar.OnUnary(Service + "BulkPublishEvent", Wire.BulkPublishRequest.Parser, _ => new Wire.BulkPublishResponse
        {
            FailedEntries = { new Wire.BulkPublishResponseFailedEntry { EntryId = "0", Error = "full" } },
        });

        await _dapr.Client.PublishByteEventAsync("p", "t", "1"u8.ToArray(), dataContentType: null!);
        var answer = await _dapr.Client.BulkPublishEventAsync("p", "t", ["a"]);

        Assert.Equal("application/json", sent!.DataContentType);
        Assert.Empty(Assert.Single(answer.FailedEntries).Entry.Metadata!);
    }

    [Fact]
    public void An_error_of_the_runtime_has_the_message_and_code_it_was_given()
    {
        Assert.Equal(("", "UNKNOWN"), (new DaprApiException().Message, new DaprApiException().ErrorCode));
        Assert.Equal(("", "ERR_X"), (new DaprApiException("ERR_X", isTransient: true).Message, new DaprApiException("ERR_X", isTransient: true).ErrorCode));
        Assert.Equal("", new DaprApiException("m", "", isTransient: false).ErrorCode);
    }
}
