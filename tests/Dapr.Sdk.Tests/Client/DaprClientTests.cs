using Dapr.Client;
using Dapr.Common.Exceptions;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using ErrorWire = Dapr.Common.Exceptions.Wire;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

/// <summary>What holds for every call: how it goes out, how it fails and how it is given up.</summary>
public sealed class DaprClientTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private ClientOnStandIn<DaprClient> _dapr = null!;

    public async Task InitializeAsync() => _dapr = await ClientOnStandIn.StartAsync();

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task A_call_is_a_post_over_http2_with_a_plain_frame_the_token_the_agent_and_the_trace()
    {
        _dapr.Sidecar.OnUnary(Service + "GetState", Wire.GetStateRequest.Parser, _ => new Wire.GetStateResponse());
        using var activity = new System.Diagnostics.Activity("test").Start();

        await _dapr.Client.GetStateAsync<string>("s", "k");

        var call = Assert.Single(_dapr.Sidecar.Calls);
        Assert.Equal("HTTP/2", call.Protocol);
        Assert.Equal([0, 0, 0, 0, 6, 0x0A, 1, (byte)'s', 0x12, 1, (byte)'k'], call.Frame);
        Assert.Equal(("application/grpc", "trailers", "t0ken"), (call.Headers["content-type"], call.Headers["te"], call.Headers["dapr-api-token"]));
        Assert.Equal("dapr-sdk-dotnet/v1.18.5", call.Headers["user-agent"]);
        Assert.Contains(activity.TraceId.ToHexString(), call.Headers["traceparent"], StringComparison.Ordinal);
        Assert.Equal(29, Convert.FromBase64String(call.Headers["grpc-trace-bin"].PadRight(40, '=')).Length);
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
        _dapr.Sidecar.On(Service + "GetSecret", call => call.FailAsync(StatusCode.InvalidArgument, "no", status.ToByteArray()));

        var failure = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.GetSecretAsync("s", "k"));

        Assert.True(failure.TryGetExtendedErrorInfo(out var info));
        Assert.Equal("DAPR_X", Assert.IsType<DaprErrorInfoDetail>(info!.Details[0]).Reason);
        Assert.IsType<DaprUnknownDetail>(info.Details[1]);
    }

    [Fact]
    public async Task A_cancelled_call_throws_operation_cancelled_and_resets_the_stream()
    {
        var arrived = new TaskCompletionSource<GrpcStandIn.Call>();
        _dapr.Sidecar.On(Service + "GetState", async call =>
        {
            arrived.SetResult(call);
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });
        using var cancel = new CancellationTokenSource();
        var reading = _dapr.Client.GetStateAsync<string>("s", "k", cancellationToken: cancel.Token);
        var call = await arrived.Task;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Eco2.Testing.Eventually.TrueAsync(() => call.Aborted.IsCancellationRequested, "the server saw the reset");
    }

    [Fact]
    public async Task A_message_in_pieces_is_put_together_and_one_above_4_MiB_is_refused()
    {
        var big = new Wire.GetStateResponse { Data = ByteString.CopyFrom(new byte[300_000]), Etag = "1" };
        _dapr.Sidecar.On(Service + "GetState", async call =>
        {
            var frame = GrpcStandIn.Call.Framed(big);
            await call.SendRawAsync(frame.AsMemory(0, 3));
            await call.SendRawAsync(frame.AsMemory(3, 100_000));
            await call.SendRawAsync(frame.AsMemory(100_003));
        });

        var bytes = await _dapr.Client.GetByteStateAsync("s", "k");
        big.Data = ByteString.CopyFrom(new byte[4 * 1024 * 1024]);
        var refused = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.GetByteStateAsync("s", "k"));

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
    public async Task Wrong_arguments_are_named()
    {
        Assert.Equal("key", (await Assert.ThrowsAsync<ArgumentException>(() => _dapr.Client.GetStateAsync<int>("s", ""))).ParamName);
        Assert.Equal("etag", (await Assert.ThrowsAsync<ArgumentNullException>(() => _dapr.Client.TrySaveStateAsync("s", "k", 1, null!))).ParamName);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _dapr.Client.PublishEventAsync<string>("p", "t", null!));
        await Assert.ThrowsAsync<ArgumentException>(() => _dapr.Client.GetBulkStateAsync("s", [], null));
    }
}
