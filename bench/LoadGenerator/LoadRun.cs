namespace Eco2.LoadGenerator;

/// <summary>One run: accounts, warm-up, measured window, drain, check.</summary>
internal sealed class LoadRun(LoadOptions options, TimeProvider clock)
{
    private readonly Ledger ledger = new();
    private readonly Samples samples = new();

    public async Task<bool> RunAsync(CancellationToken ct)
    {
        using var client = new ScanClient(options.Gateways, clock) { Patience = options.Drain };
        var count = options.Rate is { } rate
            ? Math.Max(1, (int)Math.Ceiling(rate * Math.Max(1, options.StartOver.TotalSeconds) * 1.5 / options.JobsPerAccount))
            : (options.Users + options.JobsPerAccount - 1) / options.JobsPerAccount;
        var accounts = options.Cold ? await KnownAsync(count, ct) : await new Enrolment(client, options, Say).PrepareAsync(count, ct);
        if (options.PrepareOnly)
        {
            return true;
        }

        var crowd = new Crowd(new ScanUser(client, ledger, samples, new StreamOptions(options.CutChance), clock), accounts, clock);
        using var showing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var show = ShowAsync(showing.Token);
        var scanning = options.Rate is { } fixedRate ? crowd.FixedRateAsync(fixedRate, ct) : crowd.ClosedLoopAsync(options.Users, options.StartOver, ct);
        await Task.WhenAny(scanning, Task.Delay(options.StartOver + options.WarmUp, clock, ct));

        // Whoever started us samples the processes at these two lines.
        Console.WriteLine("WINDOW BEGINS");
        var began = clock.GetTimestamp();
        await Task.WhenAny(scanning, Task.Delay(options.Duration, clock, ct));
        var ended = clock.GetTimestamp();
        Console.WriteLine("WINDOW ENDS");

        crowd.Stop();
        await scanning.WaitAsync(options.Drain + options.Drain, clock, ct);
        var drained = clock.GetElapsedTime(ended).TotalSeconds;
        await showing.CancelAsync();
        await show;
        Say($"drained after {drained:0.0} s; checking {ledger.Count} jobs");
        var check = await ledger.CheckAsync(client, options.Drain, clock, ct);
        await AccountFile.WriteAsync(options.AccountFile, await MergedAsync(accounts, ct), ct);
        var times = await Window.ModelTimesAsync(options.ModelControl, ct);
        await new Window(options, accounts.Count, began, ended, clock).Report(samples, times, drained, check).WriteAsync(options.Out, ct);
        foreach (var violation in check.Violations.Take(20))
        {
            Say($"BROKEN {violation.Rule}: job {violation.JobId:D}: {violation.What}");
        }

        return check.IsClean;
    }

    private async Task<List<Account>> KnownAsync(int count, CancellationToken ct)
    {
        var known = (await AccountFile.ReadAsync(options.AccountFile, ct)).FindAll(account => account.Pictures.Count > 0);
        return known.Count >= count ? known[..count] : throw new InvalidOperationException($"{options.AccountFile} knows {known.Count} accounts with pictures, not {count}.");
    }

    /// <summary>Accounts beyond those that this run needed stay in the file.</summary>
    private async Task<List<Account>> MergedAsync(List<Account> used, CancellationToken ct) =>
        [.. used, .. (await AccountFile.ReadAsync(options.AccountFile, ct)).Skip(used.Count)];

    private async Task ShowAsync(CancellationToken ct)
    {
        var (began, before) = (clock.GetTimestamp(), 0);
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(5), clock, ct);
                var (submits, accepted, refused, finished) = samples.Counts();
                Say($"{clock.GetElapsedTime(began).TotalSeconds,4:0} s: {samples.InFlight} under way, {submits} submits, {accepted} accepted, {refused} refused, {finished} ended ({(finished - before) * 12}/min)");
                before = finished;
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private static void Say(string line) => Console.WriteLine(line);
}
