namespace Eco2.Worker.Models;

/// <summary>What one provider may be asked for, by all replicas of the worker together.</summary>
/// <param name="Concurrency">Calls at a time.</param>
/// <param name="RequestsPerMinute">0: as many as you like.</param>
/// <param name="TokensPerMinute">In and out together; 0: as many as you like.</param>
/// <param name="Queue">Calls of this replica that may wait.</param>
internal sealed record BudgetLimits(int Concurrency, int RequestsPerMinute, int TokensPerMinute, int Queue);

/// <summary>This replica's share of a provider's budget. Calls enter in the order in which they came. System.Threading.RateLimiting has no limiter
/// whose limit can change while calls wait, nor one that gives back what was estimated too high; hence this one.
/// A call takes its tokens by estimate and puts them right when the provider has counted them. A 429 pauses everybody for as long as it asks and
/// halves what may run at a time; each good answer adds one, so that the calls which waited don't return all at once.</summary>
internal sealed class ProviderBudget : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly LinkedList<Waiting> queue = new();
    private readonly TimeProvider clock;
    private readonly BudgetLimits whole;
    private readonly ITimer timer;
    private readonly Allowance requests;
    private readonly Allowance tokens;
    private int limit;
    private int running;
    private double window;
    private double queuedTokens;
    private long pausedUntil;
    private long shrunkAt;

    private sealed record Waiting(double Tokens, TaskCompletionSource<Place> Entered);

    internal ProviderBudget(BudgetLimits whole, TimeProvider clock)
    {
        (this.whole, this.clock) = (whole, clock);
        var now = clock.GetTimestamp();
        (requests, tokens) = (new Allowance(clock, now), new Allowance(clock, now));
        (pausedUntil, shrunkAt) = (now, now - 1);
        timer = clock.CreateTimer(_ => Admit(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Share(1);
    }

    /// <summary>Calls under way.</summary>
    internal int Running
    {
        get
        {
            lock (queue)
            {
                return running;
            }
        }
    }

    /// <summary>Takes an equal part of the budget.</summary>
    internal void Share(int replicas)
    {
        lock (queue)
        {
            var before = limit;
            limit = Math.Max(1, whole.Concurrency / replicas);
            window = window >= before ? limit : Math.Min(window, limit);
            requests.Limit((double)whole.RequestsPerMinute / replicas);
            tokens.Limit((double)whole.TokensPerMinute / replicas);
        }

        Admit();
    }

    /// <summary>A place for one call; whoever takes it says how the call ended.</summary>
    /// <param name="estimate">Tokens it may cost.</param>
    /// <param name="atMost">How long it may wait; what will take longer is refused at once.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <exception cref="ModelException">OverBudget.</exception>
    internal async ValueTask<Place> EnterAsync(int estimate, TimeSpan atMost, CancellationToken ct)
    {
        LinkedListNode<Waiting> node;
        lock (queue)
        {
            if (queue.Count == 0 && running < Allowed && Wait(estimate, 1) <= TimeSpan.Zero)
            {
                return Take(estimate);
            }

            if (queue.Count >= whole.Queue || Wait(queuedTokens + estimate, queue.Count + 1) > atMost)
            {
                throw OverBudget();
            }

            node = queue.AddLast(new Waiting(estimate, new TaskCompletionSource<Place>(TaskCreationOptions.RunContinuationsAsynchronously)));
            queuedTokens += estimate;
        }

        Admit();
        try
        {
            return await node.Value.Entered.Task.WaitAsync(atMost, clock, ct);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!Forget(node))
            {
                // It was let in at the same moment.
                (await node.Value.Entered.Task).NotAsked();
            }

            if (e is TimeoutException)
            {
                throw OverBudget();
            }

            throw;
        }
    }

    public void Dispose() => timer.Dispose();

    private int Allowed => Math.Min(limit, (int)window);

    private static ModelException OverBudget() => new(ModelFailure.OverBudget, "The provider's budget is used up for longer than the job can wait.");

    private bool Forget(LinkedListNode<Waiting> node)
    {
        lock (queue)
        {
            if (node.List is null)
            {
                return false;
            }

            queuedTokens -= node.Value.Tokens;
            queue.Remove(node);
            return true;
        }
    }

    private void Admit()
    {
        lock (queue)
        {
            while (queue.First is { } first && running < Allowed)
            {
                var wait = Wait(first.Value.Tokens, 1);
                if (wait > TimeSpan.Zero)
                {
                    timer.Change(wait, Timeout.InfiniteTimeSpan);
                    return;
                }

                queue.RemoveFirst();
                queuedTokens = queue.Count == 0 ? 0 : queuedTokens - first.Value.Tokens;
                first.Value.Entered.SetResult(Take(first.Value.Tokens));
            }
        }
    }

    private Place Take(double estimate)
    {
        running++;
        requests.Spend(1);
        tokens.Spend(estimate);
        return new Place(this, estimate, clock.GetTimestamp());
    }

    private TimeSpan Wait(double cost, int calls)
    {
        var now = clock.GetTimestamp();
        var pause = now >= pausedUntil ? TimeSpan.Zero : clock.GetElapsedTime(now, pausedUntil);
        var rate = TimeSpan.FromTicks(Math.Max(requests.Wait(calls, now).Ticks, tokens.Wait(cost, now).Ticks));
        return pause > rate ? pause : rate;
    }

    private void Leave(Place place, double used, Outcome outcome, TimeSpan? pause)
    {
        lock (queue)
        {
            running--;
            tokens.Spend(used - place.Estimate);
            var now = clock.GetTimestamp();
            switch (outcome)
            {
                case Outcome.Good:
                    window = Math.Min(limit, window + 1);
                    break;
                case Outcome.NotAsked:
                    requests.Spend(-1);
                    break;
                case Outcome.TooMany:
                    // Calls that were under way when it was halved say nothing new.
                    if (place.EnteredAt > shrunkAt)
                    {
                        (window, shrunkAt) = (Math.Max(1, Math.Min(window, running + 1) / 2), now);
                    }

                    var seconds = Math.Min((pause ?? TimeSpan.Zero).TotalSeconds, LongestPause.TotalSeconds);
                    pausedUntil = Math.Max(pausedUntil, now + (long)(seconds * clock.TimestampFrequency));
                    break;
            }
        }

        Admit();
    }

    private enum Outcome
    {
        Good,
        Bad,
        TooMany,
        NotAsked,
    }

    /// <summary>One call under way. The first of its methods to be called gives it back.</summary>
    internal sealed class Place(ProviderBudget budget, double estimate, long enteredAt)
    {
        private int left;

        internal double Estimate { get; } = estimate;

        internal long EnteredAt { get; } = enteredAt;

        /// <summary>The provider answered.</summary>
        /// <param name="usedTokens">As it counted; null leaves the estimate.</param>
        internal void Answered(long? usedTokens) => Leave(usedTokens ?? Estimate, Outcome.Good);

        /// <summary>No answer, or a useless one; nobody knows what it cost.</summary>
        internal void Failed() => Leave(Estimate, Outcome.Bad);

        /// <summary>The provider said 429.</summary>
        internal void TooMany(TimeSpan? retryAfter) => Leave(0, Outcome.TooMany, retryAfter);

        /// <summary>The provider was not asked after all.</summary>
        internal void NotAsked() => Leave(0, Outcome.NotAsked);

        private void Leave(double used, Outcome outcome, TimeSpan? pause = null)
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                budget.Leave(this, used, outcome, pause);
            }
        }
    }
}
