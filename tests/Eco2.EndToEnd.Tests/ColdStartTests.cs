using System.Collections.Concurrent;
using Eco2.LoadGenerator;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>A system that comes up while everybody already waits for it.</summary>
[Collection(AloneOnTheMachine.Name)]
public sealed class ColdStartTests : IAsyncLifetime
{
    private const int People = 100;
    private readonly EcoRun run = new("cold");
    private readonly ModelServer models = new();

    public Task InitializeAsync() => models.StartAsync();

    public async Task DisposeAsync()
    {
        await run.DisposeAsync();
        await models.DisposeAsync();
    }

    [Fact]
    public async Task Everybody_who_asks_while_the_system_starts_is_served_and_nothing_is_lost()
    {
        // Signing up is not what is tried here, and two cores have better things to do.
        var settings = new Dictionary<string, string>(models.Environment) { ["Auth__PasswordIterations"] = "1000" };
        await run.StartAsync(settings);
        var people = await EnrolAsync();
        await run.StopAsync();

        await run.StartColdAsync(settings);
        using var client = new ScanClient(run.Url, TimeProvider.System) { Patience = TimeSpan.FromMinutes(2) };
        var (ledger, answers) = (new Ledger(), new ConcurrentQueue<int>());
        var scans = Task.WhenAll(people.Select(person => ScanAsync(client, person, ledger, answers)));
        await run.ReadyAsync();
        await scans.WaitAsync(TimeSpan.FromMinutes(3));

        var report = await ledger.CheckAsync(client, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        Assert.Empty(report.Violations);
        Assert.Equal((People, People, 0), (report.Accepted, report.Done, report.Lost));
        // They came before there was anybody, and were never told anything but to come back.
        Assert.Contains(0, answers);
        Assert.All(answers, status => Assert.Contains(status, (int[])[0, 202, 429, 503]));
    }

    private async Task<Account[]> EnrolAsync()
    {
        using var client = new ScanClient(run.Url, TimeProvider.System);
        var pictures = await Pictures.ReadAsync(Path.Combine(Checkout.Root, "samples"), CancellationToken.None);
        var people = new Account[People];
        await Parallel.ForAsync(0, People, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (n, ct) =>
        {
            people[n] = await client.SignUpAsync($"cold-{n}@eco2.example", "a long enough passphrase 42", ct);
            await client.UploadAsync(people[n], pictures[n % pictures.Count], ct);
        });
        return people;
    }

    private static async Task ScanAsync(ScanClient client, Account person, Ledger ledger, ConcurrentQueue<int> answers)
    {
        var job = await client.SubmitAsync(person, person.Pictures[0], null, ledger, submission => answers.Enqueue(submission.Status), CancellationToken.None);
        await client.FollowAsync(job.OpenStream(), null, StreamOptions.Default, CancellationToken.None);
    }
}

/// <summary>Begins when the other tests have ended.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneOnTheMachine
{
    public const string Name = "alone on the machine";
}
