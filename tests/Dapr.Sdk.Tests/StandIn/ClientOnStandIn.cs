using Dapr.Client;

namespace Dapr.Sdk.Tests;

/// <summary>A client, and the stand-in that it takes for its sidecar.</summary>
internal sealed record ClientOnStandIn<TClient>(GrpcStandIn Sidecar, TClient Client) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        if (Client is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync();
        }
        else
        {
            (Client as IDisposable)?.Dispose();
        }

        await Sidecar.DisposeAsync();
    }
}

internal static class ClientOnStandIn
{
    public static Task<ClientOnStandIn<DaprClient>> StartAsync() =>
        StartAsync(address => new DaprClientBuilder().UseGrpcEndpoint(address).UseDaprApiToken("t0ken").Build());

    /// <param name="build">Makes the client of an address.</param>
    public static async Task<ClientOnStandIn<TClient>> StartAsync<TClient>(Func<string, TClient> build)
    {
        var sidecar = await GrpcStandIn.StartAsync();
        return new(sidecar, build(sidecar.Address));
    }
}
