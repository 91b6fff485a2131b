using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Faults.Chaos;
using Eco2.LoadGenerator;
using Eco2.Testing;
using Xunit;

namespace Eco2.Faults;

/// <summary>The whole system with two replicas of what may have them, people who scan all the time, and everything that can be broken.</summary>
public sealed class FaultSystem : IAsyncLifetime
{
    // The local model is one process: more tries at once would only be in each other's way.
    private const int MostTries = 4;

    private static readonly TimeProvider Time = TimeProvider.System;
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-faults-").FullName;
    private ScanClient client = null!;
    private List<Account> accounts = [];
    private Account prober = null!;

    internal FaultPlan Plan { get; } = FaultPlan.FromEnvironment();

    internal EcoRun Run { get; } = new("faults");

    internal ModelStandIn Models { get; private set; } = null!;

    internal WallClock Clock { get; private set; } = null!;

    internal ObjectStore Objects { get; private set; } = null!;

    internal Traffic Traffic { get; private set; } = null!;

    internal Report Report { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Report = new Report(Plan);
        Clock = new WallClock(folder);
        Objects = new ObjectStore(Path.Combine(Run.State, "objects"));
        await Objects.PrepareAsync();
        Models = await ModelStandIn.StartAsync(folder, Plan.VisionMeanMs, Plan.AnswerMeanMs);
        var settings = new Dictionary<string, string>(Clock.Settings.Concat(Models.Settings))
        {
            // Signing in is not what is tried here, and two cores have better things to do.
            ["Auth__PasswordIterations"] = "1000",
            ["Sse__MaxPerUser"] = "100",
            ["Sse__MaxPerJob"] = "10",
        };
        await Run.StartAsync(settings, "--replicas", "worker=2,event-router=2,sse-gateway=2");
        client = new ScanClient(Run.Url, Time) { Patience = TimeSpan.FromMinutes(3) };
        await EnrolAsync();
        Traffic = new Traffic(client, accounts, Time);
        Traffic.Start(Plan.People);
        await Eventually.TrueAsync(() => Traffic.InFlight >= Plan.People * 9 / 10, "nearly everybody has a job in flight", TimeSpan.FromSeconds(60));
    }

    public async Task DisposeAsync()
    {
        if (Traffic is not null)
        {
            await Traffic.DisposeAsync();
        }

        client?.Dispose();
        Report.Keep(Run);
        await Run.DisposeAsync();
        await Objects.DisposeAsync();
        if (Models is not null)
        {
            await Models.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Somebody comes along after the fault and tries until a scan of theirs is accepted and done; a new try every half a second.
    /// Returns what that took, with the local model, which thinks for some 0.2 s.</summary>
    internal async Task<TimeSpan> RecoverAsync(TimeSpan within, CancellationToken ct)
    {
        var began = Time.GetTimestamp();
        var tries = new List<Task<Traffic.Life>>();
        while (true)
        {
            if (tries.Count < MostTries)
            {
                tries.Add(Traffic.ScanAsync(prober, "local", ct));
            }

            await Task.WhenAny([.. tries, Task.Delay(TimeSpan.FromMilliseconds(500), ct)]);
            if (tries.Exists(attempt => attempt.IsCompletedSuccessfully && attempt.Result.End == "done"))
            {
                return Time.GetElapsedTime(began);
            }

            // Cancelled, or failed by what is left of the fault: another one is tried.
            tries.RemoveAll(attempt => attempt.IsCompleted);

            if (Time.GetElapsedTime(began) > within)
            {
                throw new TimeoutException($"No scan was accepted and done within {within.TotalSeconds:0} s after the fault.");
            }
        }
    }

    /// <summary>An upload must be refused as something that passes, and say so as a problem.</summary>
    internal async Task ExpectUploadsRefusedAsync(CancellationToken ct)
    {
        using var http = new HttpClient { BaseAddress = Run.Url };
        await client.RenewAsync(prober, ct);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", prober.AccessToken);
        using var body = new ByteArrayContent((await PicturesAsync(ct))[0]);
        body.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        using var answer = await http.PutAsync(new Uri("/api/v1/images/scan", UriKind.Relative), body, ct);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(ct);

        Assert.True((int)answer.StatusCode is 503 or 507, $"HTTP {(int)answer.StatusCode}: {problem}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    /// <summary>Nobody begins anything; all that was begun ends; then every promise is held against what is stored.</summary>
    internal async Task<LedgerReport> SettleAsync(CancellationToken ct)
    {
        await Traffic.DrainAsync(TimeSpan.FromMinutes(2));
        return await Traffic.Ledger.CheckAsync(client, TimeSpan.FromMinutes(1), Time, ct);
    }

    private async Task EnrolAsync()
    {
        var pictures = await PicturesAsync(CancellationToken.None);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 4 };
        var made = new Account[Plan.Accounts + 1];
        await Parallel.ForAsync(0, made.Length, parallel, async (n, ct) =>
        {
            made[n] = await client.SignUpAsync($"faults-{n}@eco2.example", "a long enough passphrase 42", ct);
            await client.UploadAsync(made[n], pictures[n % pictures.Count], ct);
            await client.UploadAsync(made[n], pictures[(n + 1) % pictures.Count], ct);
        });
        (prober, accounts) = (made[0], [.. made[1..]]);
    }

    private static Task<IReadOnlyList<byte[]>> PicturesAsync(CancellationToken ct) => Pictures.ReadAsync(Path.Combine(Checkout.Root, "samples"), ct);
}
