using System.Collections.Concurrent;
using System.Globalization;
using Dapr;
using Dapr.Client;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Eco2.Edge.Limits;

/// <summary>Counts requests of callers together with the other replicas, in one small document per caller in the state store.
/// 1 A replica takes a slice of what is left in one conditional write (ETag) and spends it without asking, for a minute or so. 2 Until it says more, all of
/// it counts in the last step it may be spent in, so a window never holds more than the limit. 3 When it is over, the next write says what was spent
/// when, and gives back the rest. 4 A replica that dies takes at most its slices with it, until they stop counting.</summary>
internal sealed partial class Limiter(DaprClient dapr, IOptions<EdgeOptions> options, TimeProvider clock, ILogger<Limiter> logger) : IDisposable
{
    internal const string Store = "limits";
    private const int Many = 20_000;
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Crowded = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Ledger> ledgers = new(StringComparer.Ordinal);
    private long lastSweep = clock.GetTimestamp();
    private long awaySince;

    /// <param name="subject">Whose requests these are: a user or an address.</param>
    /// <param name="charges">Counted all or none.</param>
    public async ValueTask<Spent> SpendAsync(string subject, IReadOnlyList<Charge> charges, CancellationToken ct)
    {
        var ledger = LedgerOf(subject);
        if (ledger.TrySpend(charges, clock.GetUtcNow()) is { } spent)
        {
            return spent;
        }

        await ledger.Asking.WaitAsync(ct);
        try
        {
            while (true)
            {
                // Somebody else may have asked meanwhile.
                if (ledger.TrySpend(charges, clock.GetUtcNow()) is { } now)
                {
                    return now;
                }

                if (!await TakeAsync(subject, ledger, charges, ct))
                {
                    return new Spent(Outcome.Uncounted, 0, 0, 1);
                }
            }
        }
        finally
        {
            ledger.Asking.Release();
        }
    }

    public void Dispose()
    {
        foreach (var ledger in ledgers.Values)
        {
            ledger.Dispose();
        }
    }

    /// <summary>False when it could not be counted as its limits want it.</summary>
    private async Task<bool> TakeAsync(string subject, Ledger ledger, IReadOnlyList<Charge> charges, CancellationToken ct)
    {
        if (MayAsk() && await AskAsync(subject, ledger, charges, ct))
        {
            ledger.Alone = null;
            return true;
        }

        foreach (var charge in charges)
        {
            if (charge.Window.WhenAway == WhenAway.Refuse)
            {
                return false;
            }
        }

        ledger.Alone ??= Counts.Empty;
        ledger.Use(ledger.Take(ledger.Alone, charges, alone: true, clock.GetUtcNow()).Taken);
        return true;
    }

    /// <summary>While the store is away one request a second tries it.</summary>
    private bool MayAsk()
    {
        var since = Volatile.Read(ref awaySince);
        return since == 0 || (clock.GetElapsedTime(since) >= Pause && Interlocked.CompareExchange(ref awaySince, clock.GetTimestamp(), since) == since);
    }

    /// <summary>False when the store is away.</summary>
    private async Task<bool> AskAsync(string subject, Ledger ledger, IReadOnlyList<Charge> charges, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.LimitsTimeout);
        var conflicts = 0;
        DaprException? notMade = null;
        try
        {
            while (true)
            {
                var key = "limits:" + subject;
                var (bytes, etag) = await dapr.GetByteStateAndETagAsync(Store, key, cancellationToken: limit.Token);
                if (notMade is not null && string.IsNullOrEmpty(etag))
                {
                    throw notMade;
                }

                var counts = Counts.Read(bytes.Span);
                var (taken, changed) = ledger.Take(counts, charges, alone: false, clock.GetUtcNow());
                try
                {
                    if (!changed || await SaveAsync(key, counts, etag, limit.Token))
                    {
                        ledger.Use(taken);
                        Volatile.Write(ref awaySince, 0);
                        return true;
                    }
                }
                catch (DaprException e) when (string.IsNullOrEmpty(etag))
                {
                    // Where there was no document, a store does not say whether another replica made it meanwhile: another look does.
                    notMade = e;
                }

                // Another replica was faster.
                conflicts++;
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 * Math.Min(conflicts, 10))), clock, limit.Token);
            }
        }
        catch (Exception e) when (e is DaprException or RpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            if (e is OperationCanceledException && conflicts > 0)
            {
                // The store is there, and this caller comes to many replicas faster than they can count: better too few than too many.
                Contended(logger, conflicts);
                ledger.Use(charges.ToDictionary(charge => charge.Entry, charge => (Ledger.Slice?)Ledger.Exhausted(charge.Window, clock.GetUtcNow()), StringComparer.Ordinal));
                return true;
            }

            if (Interlocked.Exchange(ref awaySince, clock.GetTimestamp()) == 0)
            {
                Away(logger, e.InnerException?.Message ?? e.Message);
            }

            return false;
        }
    }

    private Task<bool> SaveAsync(string key, Counts counts, string? etag, CancellationToken ct)
    {
        var (json, seconds) = counts.Write(clock.GetUtcNow());
        var lifetime = new Dictionary<string, string> { ["ttlInSeconds"] = seconds.ToString(CultureInfo.InvariantCulture) };
        return dapr.TrySaveByteStateAsync(Store, key, json, etag ?? "", FirstWrite, lifetime, ct);
    }

    private Ledger LedgerOf(string subject)
    {
        if (!ledgers.TryGetValue(subject, out var ledger))
        {
            var since = clock.GetElapsedTime(lastSweep);
            if (since > Idle || (since > Crowded && ledgers.Count >= Many))
            {
                Sweep(ledgers.Count >= Many ? Crowded : Idle);
            }

            ledger = ledgers.GetOrAdd(subject, _ => new Ledger());
        }

        ledger.LastUsed = clock.GetTimestamp();
        return ledger;
    }

    /// <summary>Forgets who has not come for a while. What was not spent of their slices counts until its time is over.</summary>
    private void Sweep(TimeSpan idle)
    {
        lastSweep = clock.GetTimestamp();
        foreach (var (subject, ledger) in ledgers)
        {
            if (clock.GetElapsedTime(ledger.LastUsed) > idle)
            {
                ledgers.TryRemove(subject, out _);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests cannot be counted together with the other replicas: {Why}")]
    private static partial void Away(ILogger logger, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Other replicas were faster {Times} times in counting the requests of one caller")]
    private static partial void Contended(ILogger logger, int times);
}
