using Dapr.Client;
using Grpc.Core;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

/// <summary>Subscriptions to changes of configuration, from the first to the end.</summary>
public sealed class ConfigurationTests : IAsyncLifetime
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";
    private ClientOnStandIn<DaprClient> _dapr = null!;

    public async Task InitializeAsync() => _dapr = await ClientOnStandIn.StartAsync();

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task A_configuration_subscription_yields_changes_and_ends_with_the_enumeration()
    {
        GrpcStandIn.Call? open = null;
        _dapr.Sidecar.On(Service + "SubscribeConfiguration", async call =>
        {
            open = call;
            await call.SendAsync(new Wire.SubscribeConfigurationResponse { Id = "sub1" });
            await call.SendAsync(new Wire.SubscribeConfigurationResponse { Id = "sub1", Items = { ["k"] = new Wire.ConfigurationItem { Value = "v" } } });
            await Task.Delay(Timeout.Infinite, call.Aborted);
        });

        var subscription = await _dapr.Client.SubscribeConfiguration("c", ["k"]);
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
        _dapr.Sidecar.On(Service + "SubscribeConfiguration", call => call.FailAsync(StatusCode.NotFound, "no such store"));
        var refused = await _dapr.Client.SubscribeConfiguration("c", ["k"]);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await refused.Source.GetAsyncEnumerator().MoveNextAsync());

        _dapr.Sidecar.On(Service + "SubscribeConfiguration", call => Task.Delay(Timeout.Infinite, call.Aborted));
        using var cancel = new CancellationTokenSource();
        var silent = await _dapr.Client.SubscribeConfiguration("c", ["k"]);
        var reading = silent.Source.GetAsyncEnumerator(cancel.Token).MoveNextAsync();
        await Eco2.Testing.Eventually.TrueAsync(() => _dapr.Sidecar.Calls.Count == 2, "the second call arrived");
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }
}
