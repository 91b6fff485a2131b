namespace EmbeddedSidecar.Resiliency;

/// <summary>A failure that trying again cannot mend; never retried.</summary>
internal interface IPermanentFailure;

/// <summary>A failure with a status that says whether to try again: one of gRPC up to 16, one of HTTP from 100.</summary>
internal interface ICodedFailure
{
    /// <summary>Null: always worth a retry.</summary>
    int? Status { get; }
}

/// <summary>Refused without a call because the circuit breaker is open.</summary>
internal sealed class CircuitOpenException() : Exception("circuit breaker is open"), IPermanentFailure;

/// <summary>One target's policy: retry( circuitBreaker( timeout( call ))). Any of the three may be absent.</summary>
internal sealed class Policy(RetryRule? retry, CircuitBreaker? breaker, TimeSpan? timeout, TimeProvider clock, PolicyMeter? meter = null)
{
    /// <summary>One attempt, no limits.</summary>
    public static readonly Policy None = new(null, null, null, TimeProvider.System);

    public bool IsNone => retry is null && breaker is null && timeout is null;

    public bool HasRetry => retry is not null;

    /// <summary>The same timeout and circuit breaker for a call that cannot be repeated.</summary>
    public Policy WithoutRetry() => HasRetry ? new Policy(null, breaker, timeout, clock, meter) : this;

    /// <summary>The same retries and circuit breaker, and all the time it takes: for what waits its turn before it is called.</summary>
    public Policy WithoutTimeout() => timeout is null ? this : new Policy(retry, breaker, null, clock, meter);

    /// <summary>The timeout alone.</summary>
    public Policy TimeoutOnly() => retry is null && breaker is null ? this : new Policy(null, null, timeout, clock, meter);

    /// <summary>Runs the call under this policy. An exception is a failure.</summary>
    /// <param name="ct">The caller's; when it ends, so does everything, and nothing counts as failed.</param>
    public ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken ct) =>
        RunAsync(call, static (run, token) => run(token), static _ => 0, ct);

    /// <summary>Runs the call under this policy. An exception is a failure, and so is a result with a failed status.</summary>
    /// <param name="state">Handed to the call, so that it needs no closure.</param>
    /// <param name="failedStatus">0 = success, else the HTTP status that tells what went wrong; the last such result is returned.</param>
    public async ValueTask<T> RunAsync<TState, T>(
        TState state, Func<TState, CancellationToken, ValueTask<T>> call, Func<T, int> failedStatus, CancellationToken ct)
    {
        if (IsNone)
        {
            return await call(state, ct);
        }

        meter?.Used(retry is not null, timeout is not null, breaker);
        var schedule = retry?.Start(clock);
        while (true)
        {
            var before = meter is null ? null : breaker?.StateName;
            Exception? failure = null;
            var result = default(T)!;
            var status = 0;
            breaker?.Enter();
            try
            {
                result = await TimedAsync(state, call, ct);
                status = failedStatus(result);
                breaker?.Leave(status == 0);
            }
            catch (Exception failed) when (!ct.IsCancellationRequested)
            {
                breaker?.Leave(failed is IPermanentFailure);
                failure = failed;
            }
            catch (Exception)
            {
                // Cancelled is neither a success nor a failure.
                breaker?.Forget();
                throw;
            }

            meter?.Changed(before, breaker);
            if (failure is null && status == 0)
            {
                return result;
            }

            if (schedule is null || failure is IPermanentFailure || !retry!.Matches(failure, status) || schedule.Next() is not { } wait)
            {
                return failure is null ? result : throw Rethrow(failure);
            }

            meter?.Retried();
            (result as IDisposable)?.Dispose();
            await Task.Delay(wait, clock, ct);
        }
    }

    private async ValueTask<T> TimedAsync<TState, T>(TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken ct)
    {
        if (timeout is not { } limit)
        {
            return await call(state, ct);
        }

        using var timed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timed.CancelAfter(limit);
        try
        {
            return await call(state, timed.Token);
        }
        catch (OperationCanceledException) when (timed.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            meter?.TimedOut();
            throw new TimeoutException($"timed out after {limit}");
        }
    }

    // Keeps the original stack trace; the return value is only there for the compiler.
    private static Exception Rethrow(Exception failure)
    {
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return failure;
    }
}
