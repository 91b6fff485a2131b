using Eco2.LoadGenerator;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>The command that started everything is killed: its servers and apps live on for a while without it, and the next one takes over their data.</summary>
[Collection(AloneOnTheMachine.Name)]
public sealed class CommandKillTests : IAsyncLifetime
{
    private const int Jobs = 8;
    private readonly EcoRun run = new("killed");
    private readonly ModelServer models = new();

    public Task InitializeAsync() => models.StartAsync();

    public async Task DisposeAsync()
    {
        await run.DisposeAsync();
        await models.DisposeAsync();
    }

    [Fact]
    public async Task Jobs_under_way_are_finished_by_the_next_start()
    {
        await run.StartAsync(models.Environment);
        var (ledger, first) = (new Ledger(), run.Processes.ToDictionary(process => process, run.Pid));
        using (models.Hold(ModelServer.Answer))
        {
            using var before = new ScanClient(run.Url, TimeProvider.System);
            var person = await before.SignUpAsync("killed@eco2.example", "a long enough passphrase 42", CancellationToken.None);
            await before.UploadAsync(person, (await Pictures.ReadAsync(Path.Combine(Checkout.Root, "samples"), CancellationToken.None))[0], CancellationToken.None);
            for (var i = 0; i < Jobs; i++)
            {
                await before.SubmitAsync(person, person.Pictures[0], null, ledger, _ => { }, CancellationToken.None);
            }

            await run.KillCommandAsync();
            await run.StartAsync(models.Environment);
        }

        using var after = new ScanClient(run.Url, TimeProvider.System);
        // A daprd hands out what a dead one held after its processingTimeout.
        var report = await ledger.CheckAsync(after, TimeSpan.FromMinutes(EcoRun.OnDaprd ? 6 : 1), TimeProvider.System, CancellationToken.None);

        Assert.Empty(report.Violations);
        Assert.Equal((Jobs, Jobs, 0), (report.Accepted, report.Done, report.Lost));
        Assert.All(run.Processes, process => Assert.NotEqual(first[process], run.Pid(process)));
    }
}
