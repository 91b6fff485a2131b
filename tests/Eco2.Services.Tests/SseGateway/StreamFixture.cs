using Eco2.Services.Tests.EventRouter;
using Xunit;

namespace Eco2.Services.Tests.SseGateway;

/// <summary>The line with a router and a gateway in a hurry: keepalives and limits come within a second.</summary>
public sealed class StreamFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    internal ServiceHost Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        // Chunks of few events, so that most logs have some.
        await Line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build, null, "EventRouter:ChunkBytes=500");
        Gateway = await Line.StartAsync(
            "sse-gateway",
            global::Eco2.SseGateway.Program.Build,
            null,
            "Sse:Keepalive=00:00:00.300",
            "Sse:MaxDuration=00:00:05",
            "Sse:WriteTimeout=00:00:00.500");
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}
