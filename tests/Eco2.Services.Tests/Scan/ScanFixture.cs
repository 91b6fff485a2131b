using Eco2.Services.Tests.EventRouter;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Scan;

/// <summary>The scan service on a database of its own, with a stand-in for the app that keeps pictures.</summary>
public class ScanFixture : IAsyncLifetime
{
    public LineFixture Line { get; } = new();

    protected virtual string[] Limits => [];

    internal ServiceHost Scan { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await Line.InitializeAsync();
        await Line.StartAsync("event-router", global::Eco2.EventRouter.Program.Build);
        await Line.StandInAsync("image");
        Scan = await Line.StartAsync(
            "scan",
            global::Eco2.Scan.Program.Build,
            await PostgresCluster.CreateDatabaseAsync(),
            ["Models:Vision=openai", "Models:Offered:0=gpt-5-mini", .. Limits]);
    }

    public Task DisposeAsync() => Line.DisposeAsync();
}
