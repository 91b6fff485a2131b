using System.Text;
using Dapr.Client;
using Dapr.Common.Exceptions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using ErrorWire = Dapr.Common.Exceptions.Wire;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

public sealed class DaprClientTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private GrpcStandIn _sidecar = null!;
    private DaprClient _client = null!;

    public async Task InitializeAsync()
    {
        _sidecar = await GrpcStandIn.StartAsync();
        _client = new DaprClientBuilder().UseGrpcEndpoint(_sidecar.Address).UseDaprApiToken("t0ken").Build();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _sidecar.DisposeAsync();
    }

    [Fact]
    public async Task A_call_is_a_post_over_http2_with_a_plain_frame_the_token_the_agent_and_the_trace()
    {
        _sidecar.OnUnary(Service + "GetState", Wire.GetStateRequest.Parser, _ => new Wire.GetStateResponse());
        using var activity = new System.Diagnostics.Activity("test").Start();

        await _client.GetStateAsync<string>("s", "k");

        var call = Assert.Single(_sidecar.Calls);
        Assert.Equal("HTTP/2", call.Protocol);
        Assert.Equal([0, 0, 0, 0, 6, 0x0A, 1, (byte)'s', 0x12, 1, (byte)'k'], call.Frame);
        Assert.Equal(("application/grpc", "trailers", "t0ken"), (call.Headers["content-type"], call.Headers["te"], call.Headers["dapr-api-token"]));
        Assert.Equal("dapr-sdk-dotnet/v1.18.5", call.Headers["user-agent"]);
        Assert.Contains(activity.TraceId.ToHexString(), call.Headers["traceparent"], StringComparison.Ordinal);
        Assert.Equal(29, Convert.FromBase64String(call.Headers["grpc-trace-bin"].PadRight(40, '=')).Length);
    }

    [Fact]
    public async Task An_absent_key_reads_as_default_with_an_empty_etag()
    {
        _sidecar.OnUnary(Service + "GetState", Wire.GetStateRequest.Parser, _ => new Wire.GetStateResponse());

        var (value, etag) = await _client.GetStateAndETagAsync<int>("s", "k");

        Assert.Equal((0, ""), (value, etag));
    }

    [Fact]
    public async Task Values_go_out_as_web_json_and_a_null_as_nothing()
    {
        var saved = new List<Wire.SaveStateRequest>();
        _sidecar.OnUnary(Service + "SaveState", Wire.SaveStateRequest.Parser, request =>
        {
            saved.Add(request);
            return new Empty();
        });

        await _client.SaveStateAsync("s", "k", new { UserName = "하나" }, new StateOptions { Concurrency = ConcurrencyMode.FirstWrite });
        await _client.SaveStateAsync<string?>("s", "k", null);

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
        _sidecar.On(Service + "SaveState", call => call.FailAsync(code, "다른 버전"));

        var attempt = () => _client.TrySaveStateAsync("s", "k", 1, "7");

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
        _sidecar.OnUnary(Service + "SaveState", Wire.SaveStateRequest.Parser, _ => new Empty());

        await _client.SaveBulkStateAsync("s", [new SaveStateItem<int>("a", 1, "")]);

        Assert.DoesNotContain("dapr-api-token", Assert.Single(_sidecar.Calls).Headers.Keys);
    }

    [Fact]
    public async Task A_transaction_carries_raw_bytes_and_lower_case_operations()
    {
        Wire.ExecuteStateTransactionRequest? sent = null;
        _sidecar.OnUnary(Service + "ExecuteStateTransaction", Wire.ExecuteStateTransactionRequest.Parser, request =>
        {
            sent = request;
            return new Empty();
        });

        await _client.ExecuteStateTransactionAsync(
            "s", [new("a", "1"u8.ToArray(), StateOperationType.Upsert, etag: "5"), new("b", null, StateOperationType.Delete)]);

        Assert.Equal(["upsert", "delete"], sent!.Operations.Select(o => o.OperationType));
        Assert.Equal(("1", "5"), (sent.Operations[0].Request.Value.ToStringUtf8(), sent.Operations[0].Request.Etag.Value));
    }

    [Fact]
    public async Task Publishing_says_json_or_cloud_event_and_nothing_without_data()
    {
        var sent = new List<Wire.PublishEventRequest>();
        _sidecar.OnUnary(Service + "PublishEvent", Wire.PublishEventRequest.Parser, request =>
        {
            sent.Add(request);
            return new Empty();
        });

        await _client.PublishEventAsync("p", "t", new { A = 1 });
        await _client.PublishEventAsync("p", "t", new CloudEvent<int>(5) { Type = "x" });
        await _client.PublishEventAsync("p", "t", new Dictionary<string, string> { ["ttlInSeconds"] = "9" });

        Assert.Equal(["application/json", "application/cloudevents+json", ""], sent.Select(s => s.DataContentType));
        Assert.Equal("{\"data\":5,\"datacontenttype\":\"application/json\",\"source\":null,\"type\":\"x\",\"subject\":null}", sent[1].Data.ToStringUtf8());
        Assert.Equal(("", "9"), (sent[2].Data.ToStringUtf8(), sent[2].Metadata["ttlInSeconds"]));
    }

    [Fact]
    public async Task Bulk_publish_falls_back_to_the_older_method_and_returns_what_failed()
    {
        _sidecar.OnUnary(Service + "BulkPublishEventAlpha1", Wire.BulkPublishRequest.Parser, request => new Wire.BulkPublishResponse
        {
            FailedEntries = { new Wire.BulkPublishResponseFailedEntry { EntryId = request.Entries[1].EntryId, Error = "full" } },
        });

        var response = await _client.BulkPublishEventAsync("p", "t", ["a", "b"]);

        var failed = Assert.Single(response.FailedEntries);
        Assert.Equal(("1", "b", "full"), (failed.Entry.EntryId, failed.Entry.EventData, failed.ErrorMessage));
    }

    [Fact]
    public async Task A_binding_gets_json_and_gives_bytes_and_metadata_back()
    {
        _sidecar.OnUnary(Service + "InvokeBinding", Wire.InvokeBindingRequest.Parser, request => new Wire.InvokeBindingResponse
        {
            Data = request.Data, Metadata = { ["op"] = request.Operation },
        });

        var text = await _client.InvokeBindingAsync<string, string>("b", "get", "한글");
        var raw = await _client.InvokeBindingAsync(new BindingRequest("b", "put") { Data = "x"u8.ToArray() });

        Assert.Equal("한글", text);
        Assert.Equal(("x", "put"), (Encoding.UTF8.GetString(raw.Data.Span), raw.Metadata["op"]));
    }

    [Fact]
    public async Task Details_of_an_error_can_be_read()
    {
        var status = new ErrorWire.Status
        {
            Code = 3,
            Message = "no",
            Details = { Any.Pack(new ErrorWire.ErrorInfo { Reason = "DAPR_X", Domain = "dapr.io" }), new Any { TypeUrl = "type.googleapis.com/some.Thing" } },
        };
        _sidecar.On(Service + "GetSecret", call => call.FailAsync(StatusCode.InvalidArgument, "no", status.ToByteArray()));

        var failure = await Assert.ThrowsAsync<DaprException>(() => _client.GetSecretAsync("s", "k"));

        Assert.True(failure.TryGetExtendedErrorInfo(out var info));
        Assert.Equal("DAPR_X", Assert.IsType<DaprErrorInfoDetail>(info!.Details[0]).Reason);
        Assert.IsType<DaprUnknownDetail>(info.Details[1]);
    }

    [Fact]
    public async Task A_cancelled_call_throws_operation_cancelled_and_resets_the_stream()
    {
        var arrived = new TaskCompletionSource<GrpcStandIn.Call>();
        _sidecar.On(Service + "GetState", async call =>
        {
            arrived.SetResult(call);
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });
        using var cancel = new CancellationTokenSource();
        var reading = _client.GetStateAsync<string>("s", "k", cancellationToken: cancel.Token);
        var call = await arrived.Task;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Eco2.Testing.Eventually.TrueAsync(() => call.Aborted.IsCancellationRequested, "the server saw the reset");
    }

    [Fact]
    public async Task A_message_in_pieces_is_put_together_and_one_above_4_MiB_is_refused()
    {
        var big = new Wire.GetStateResponse { Data = ByteString.CopyFrom(new byte[300_000]), Etag = "1" };
        _sidecar.On(Service + "GetState", async call =>
        {
            var frame = GrpcStandIn.Call.Framed(big);
            await call.SendRawAsync(frame.AsMemory(0, 3));
            await call.SendRawAsync(frame.AsMemory(3, 100_000));
            await call.SendRawAsync(frame.AsMemory(100_003));
        });

        var bytes = await _client.GetByteStateAsync("s", "k");
        big.Data = ByteString.CopyFrom(new byte[4 * 1024 * 1024]);
        var refused = await Assert.ThrowsAsync<DaprException>(() => _client.GetByteStateAsync("s", "k"));

        Assert.Equal(300_000, bytes.Length);
        Assert.Equal(StatusCode.ResourceExhausted, ((RpcException)refused.InnerException!).StatusCode);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        using var lonely = new DaprClientBuilder().UseGrpcEndpoint("http://127.0.0.1:1").Build();

        var failure = await Assert.ThrowsAsync<DaprException>(() => lonely.GetStateAsync<string>("s", "k"));

        Assert.Equal(StatusCode.Unavailable, ((RpcException)failure.InnerException!).StatusCode);
    }

    [Fact]
    public async Task A_configuration_subscription_yields_changes_and_ends_with_the_enumeration()
    {
        GrpcStandIn.Call? open = null;
        _sidecar.On(Service + "SubscribeConfiguration", async call =>
        {
            open = call;
            await call.SendAsync(new Wire.SubscribeConfigurationResponse { Id = "sub1" });
            await call.SendAsync(new Wire.SubscribeConfigurationResponse { Id = "sub1", Items = { ["k"] = new Wire.ConfigurationItem { Value = "v" } } });
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });

        var subscription = await _client.SubscribeConfiguration("c", ["k"]);
        Assert.Equal("", subscription.Id);
        var seen = new List<string>();
        await foreach (var change in subscription.Source)
        {
            seen.Add(string.Join(',', change.Select(item => $"{item.Key}={item.Value.Value}")));
            if (seen.Count == 2)
            {
                break;
            }
        }

        // The first message has the id and nothing else; it comes like the others.
        Assert.Equal(["", "k=v"], seen);
        Assert.Equal("sub1", subscription.Id);
        await Eco2.Testing.Eventually.TrueAsync(() => open!.Aborted.IsCancellationRequested, "leaving the loop ended the call");
    }

    [Fact]
    public async Task A_configuration_subscription_that_is_refused_or_given_up_says_so_to_its_reader()
    {
        _sidecar.On(Service + "SubscribeConfiguration", call => call.FailAsync(StatusCode.NotFound, "no such store"));
        var refused = await _client.SubscribeConfiguration("c", ["k"]);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await refused.Source.GetAsyncEnumerator().MoveNextAsync());

        _sidecar.On(Service + "SubscribeConfiguration", call => Task.Delay(Timeout.Infinite, call.Aborted));
        using var cancel = new CancellationTokenSource();
        var silent = await _client.SubscribeConfiguration("c", ["k"]);
        var reading = silent.Source.GetAsyncEnumerator(cancel.Token).MoveNextAsync();
        await Eco2.Testing.Eventually.TrueAsync(() => _sidecar.Calls.Count == 2, "the second call arrived");
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }

    [Fact]
    public async Task Wrong_arguments_are_named()
    {
        Assert.Equal("key", (await Assert.ThrowsAsync<ArgumentException>(() => _client.GetStateAsync<int>("s", ""))).ParamName);
        Assert.Equal("etag", (await Assert.ThrowsAsync<ArgumentNullException>(() => _client.TrySaveStateAsync("s", "k", 1, null!))).ParamName);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _client.PublishEventAsync<string>("p", "t", null!));
        await Assert.ThrowsAsync<ArgumentException>(() => _client.GetBulkStateAsync("s", [], null));
    }
}
