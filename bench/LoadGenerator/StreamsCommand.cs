using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Many idle streams, at the gateway or at the app behind it.</summary>
internal static class StreamsCommand
{
    // What one user may have open at a time.
    private const int PerUser = 5;

    public static Command Create()
    {
        var sidecars = new SidecarAddresses();
        var streams = new Option<int>("--streams") { Description = "One stream on each of so many jobs.", DefaultValueFactory = _ => 10_000 };
        var idle = new Option<double>("--idle") { Description = "Seconds in which nothing happens.", DefaultValueFactory = _ => 30 };
        var spread = new Option<double>("--spread") { Description = "Seconds over which the first event of all jobs is published.", DefaultValueFactory = _ => 10 };
        var app = new Option<string?>("--app") { Description = "Address of the app; then its sidecar's part is played with APP_API_TOKEN." };
        var gateway = new Option<string?>("--url") { Description = "Address of the gateway; then accounts are signed up." };
        var users = new Option<int>("--accounts") { Description = "Accounts to sign up at the gateway.", DefaultValueFactory = _ => 10 };
        var result = new Option<string>("--out") { Description = "File for the report.", Required = true };
        var command = new Command("streams", "Opens many streams, leaves them idle, then tells each something.") { streams, idle, spread, app, gateway, users, result };
        sidecars.AddTo(command);
        command.SetAction(async (parse, ct) =>
        {
            var count = parse.GetValue(streams);
            var direct = parse.GetValue(app);
            using var client = direct is null
                ? new ScanClient(new Uri(parse.GetValue(gateway)!), TimeProvider.System)
                : new ScanClient(new Uri(direct), TimeProvider.System) { AppToken = Environment.GetEnvironmentVariable("APP_API_TOKEN") };
            var accounts = direct is null ? await SignUpAsync(client, parse.GetValue(users), ct) : Owners((count + PerUser - 1) / PerUser);
            using var jobs = sidecars.Open(parse);
            var options = new StreamsOptions(accounts, count, TimeSpan.FromSeconds(parse.GetValue(idle)), TimeSpan.FromSeconds(parse.GetValue(spread)), parse.GetValue(result)!);
            return await new StreamsRun(client, jobs, options, TimeProvider.System).RunAsync(ct) ? 0 : 1;
        });
        return command;
    }

    public static async Task<IReadOnlyList<Account>> SignUpAsync(ScanClient client, int count, CancellationToken ct)
    {
        var run = Random.Shared.Next();
        return await Task.WhenAll(Enumerable.Range(0, count).Select(n => client.SignUpAsync($"stream-{n}-{run:x8}@eco2.example", $"a long enough passphrase {run:x}", ct)));
    }

    private static List<Account> Owners(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new Account { Email = "", Password = "", UserId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()) })];
}
