using Dapr.DistributedLock;
using Dapr.DistributedLock.Extensions;
using Dapr.DistributedLock.Models;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Sdk.Tests;

public sealed class DistributedLockTests : IAsyncLifetime
{
    private const string Lock = "/dapr.proto.runtime.v1.Dapr/TryLockAlpha1";
    private const string Unlock = "/dapr.proto.runtime.v1.Dapr/UnlockAlpha1";
    private ClientOnStandIn<DaprDistributedLockClient> _dapr = null!;

    public async Task InitializeAsync() =>
        _dapr = await ClientOnStandIn.StartAsync(address => new DaprDistributedLockBuilder().UseGrpcEndpoint(address).UseDaprApiToken("t0ken").Build());

    public async Task DisposeAsync() => await _dapr.DisposeAsync();

    [Fact]
    public async Task A_lock_is_asked_for_by_store_resource_owner_and_seconds()
    {
        _dapr.Sidecar.OnUnary(Lock, Wire.TryLockRequest.Parser, _ => new Wire.TryLockResponse { Success = true });

        var held = await _dapr.Client.TryLockAsync("s", "r", "o", 5);

        Assert.Equal(("s", "r", "o"), (held!.StoreName, held.ResourceId, held.LockOwner));
        var call = Assert.Single(_dapr.Sidecar.Calls);
        Assert.Equal([0, 0, 0, 0, 11, 0x0A, 1, (byte)'s', 0x12, 1, (byte)'r', 0x1A, 1, (byte)'o', 0x20, 5], call.Frame);
        Assert.Equal(("t0ken", "dapr-sdk-dotnet/v1.18.5"), (call.Headers["dapr-api-token"], call.Headers["user-agent"]));
    }

    [Fact]
    public async Task A_lock_that_somebody_holds_is_null()
    {
        _dapr.Sidecar.OnUnary(Lock, Wire.TryLockRequest.Parser, _ => new Wire.TryLockResponse { Success = false });

        Assert.Null(await _dapr.Client.TryLockAsync("s", "r", "o", 5));
    }

    [Fact]
    public async Task Disposing_a_lock_gives_it_back()
    {
        _dapr.Sidecar.OnUnary(Lock, Wire.TryLockRequest.Parser, _ => new Wire.TryLockResponse { Success = true });
        Wire.UnlockRequest? given = null;
        _dapr.Sidecar.OnUnary(Unlock, Wire.UnlockRequest.Parser, request =>
        {
            given = request;
            return new Wire.UnlockResponse();
        });

        await using (await _dapr.Client.TryLockAsync("s", "r", "o", 5))
        {
            Assert.Null(given);
        }

        Assert.Equal(new Wire.UnlockRequest { StoreName = "s", ResourceId = "r", LockOwner = "o" }, given);
    }

    [Theory]
    [InlineData(0, LockStatus.Success)]
    [InlineData(1, LockStatus.LockDoesNotExist)]
    [InlineData(2, LockStatus.LockBelongsToOthers)]
    [InlineData(3, LockStatus.InternalError)]
    public async Task The_answer_says_how_giving_back_went(int wire, LockStatus status)
    {
        _dapr.Sidecar.OnUnary(Unlock, Wire.UnlockRequest.Parser, _ => new Wire.UnlockResponse { Status = (Wire.UnlockResponse.Types.Status)wire });

        Assert.Equal(new UnlockResponse(status), await _dapr.Client.TryUnlockAsync("s", "r", "o"));
    }

    [Fact]
    public async Task An_answer_that_says_something_else_is_out_of_range()
    {
        _dapr.Sidecar.OnUnary(Unlock, Wire.UnlockRequest.Parser, _ => new Wire.UnlockResponse { Status = (Wire.UnlockResponse.Types.Status)9 });

        Assert.Equal("status", (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _dapr.Client.TryUnlockAsync("s", "r", "o"))).ParamName);
    }

    [Fact]
    public async Task A_refusal_is_a_DaprException_with_the_status_inside()
    {
        _dapr.Sidecar.On(Lock, call => call.FailAsync(StatusCode.FailedPrecondition, "lock store is not configured"));

        var failure = await Assert.ThrowsAsync<DaprException>(() => _dapr.Client.TryLockAsync("s", "r", "o", 5));

        Assert.StartsWith("Lock operation failed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, Assert.IsType<RpcException>(failure.InnerException).StatusCode);
        var seconds = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _dapr.Client.TryLockAsync("s", "r", "o", 0));
        Assert.StartsWith("The value cannot be less than or equal to zero.", seconds.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _dapr.Client.TryLockAsync("s", null!, "o", 5));
    }

    [Fact]
    public async Task Registered_is_the_class_once_per_scope_with_the_token_of_the_configuration()
    {
        _dapr.Sidecar.OnUnary(Lock, Wire.TryLockRequest.Parser, _ => new Wire.TryLockResponse { Success = true });
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection([new("DAPR_API_TOKEN", "from configuration")]).Build());
        var builder = services.AddDaprDistributedLock((_, lockBuilder) => lockBuilder.UseGrpcEndpoint(_dapr.Sidecar.Address));
        Assert.Same(services, builder.Services);
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var client = scope.ServiceProvider.GetRequiredService<DaprDistributedLockClient>();

        await client.TryLockAsync("s", "r", "o", 5);

        Assert.Equal("from configuration", Assert.Single(_dapr.Sidecar.Calls).Headers["dapr-api-token"]);
        Assert.Same(client, scope.ServiceProvider.GetRequiredService<DaprDistributedLockClient>());
        await using var other = provider.CreateAsyncScope();
        Assert.NotSame(client, other.ServiceProvider.GetRequiredService<DaprDistributedLockClient>());
        Assert.Null(provider.GetService<IDaprDistributedLockClient>());
    }
}
