namespace Eco2.LoadGenerator;

/// <summary>Many users at once, in a closed loop or at a fixed rate, until they are told to stop.</summary>
internal sealed class Crowd(ScanUser user, IReadOnlyList<Account> accounts, TimeProvider clock)
{
    private volatile bool stopping;

    /// <summary>No further scan begins; those under way go on.</summary>
    public void Stop() => stopping = true;

    /// <summary>Each user submits, follows and at once submits again. They start spread over <paramref name="startOver"/>, so that they are
    /// not all at the same point of their scans.</summary>
    public Task ClosedLoopAsync(int users, TimeSpan startOver, CancellationToken ct) =>
        Task.WhenAll(Enumerable.Range(0, users).Select(n => LoopAsync(accounts[n % accounts.Count], startOver * n / users, ct)));

    /// <summary>Scans begin at an even rate, however many are under way.</summary>
    public async Task FixedRateAsync(double perSecond, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var running = new List<Task>();
        for (var n = 0; !stopping; n++)
        {
            var early = TimeSpan.FromSeconds(n / perSecond) - clock.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
            {
                await Task.Delay(early, clock, ct);
            }

            running.Add(user.TryScanAsync(accounts[n % accounts.Count], ct));
            if (running.Count > 10_000)
            {
                running.RemoveAll(task => task.IsCompletedSuccessfully);
            }
        }

        await Task.WhenAll(running);
    }

    private async Task LoopAsync(Account account, TimeSpan delay, CancellationToken ct)
    {
        await Task.Delay(delay, clock, ct);
        while (!stopping)
        {
            await user.ScanAsync(account, ct);
        }
    }
}
