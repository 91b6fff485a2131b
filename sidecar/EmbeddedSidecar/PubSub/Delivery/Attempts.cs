using EmbeddedSidecar.Resiliency;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Runs a delivery under the inbound policy such that stopping ends the waiting between attempts, but no attempt.</summary>
internal static class Attempts
{
    /// <exception cref="OperationCanceledException">The subscription stops and the message was not taken.</exception>
    public static async ValueTask<T> RunAsync<T>(
        Policy policy, Func<CancellationToken, ValueTask<T>> attempt, Func<T, int> failedStatus, CancellationToken stopping, CancellationToken cutOff)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cutOff);
        var isCalling = false;

        // Whichever comes first: the stop sees that nobody calls, or the end of the call sees the stop.
        using var stopped = stopping.UnsafeRegister(
            _ =>
            {
                if (!Volatile.Read(ref isCalling))
                {
                    end.Cancel();
                }
            },
            null);
        return await policy.RunAsync(attempt, OnceAsync, failedStatus, end.Token);

        async ValueTask<T> OnceAsync(Func<CancellationToken, ValueTask<T>> call, CancellationToken ct)
        {
            Volatile.Write(ref isCalling, true);
            var taken = false;
            try
            {
                var result = await call(ct);
                taken = failedStatus(result) == 0;
                return result;
            }
            finally
            {
                Volatile.Write(ref isCalling, false);
                if (!taken && stopping.IsCancellationRequested)
                {
                    await end.CancelAsync();
                    end.Token.ThrowIfCancellationRequested();
                }
            }
        }
    }
}
