namespace Dapr.Workflow;

/// <summary>Fan-out with a limit.</summary>
public static class ParallelExtensions
{
    /// <summary>Runs a task for every input, at most <paramref name="maxConcurrency"/> at a time; all are tried even when some fail.</summary>
    /// <returns>Results in the order of the inputs; empty when there are none.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrency"/> is below 1.</exception>
    /// <exception cref="AggregateException">At least one task failed; holds every failure.</exception>
    public static async Task<TResult[]> ProcessInParallelAsync<TInput, TResult>(
        this WorkflowContext context,
        IEnumerable<TInput> inputs,
        Func<TInput, Task<TResult>> taskFactory,
        int maxConcurrency = 5)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(taskFactory);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxConcurrency);
        var work = inputs.ToArray();
        if (work.Length == 0)
        {
            return [];
        }

        var results = new TResult[work.Length];
        var failures = new List<Exception>();
        var running = new Dictionary<Task<TResult>, int>(Math.Min(maxConcurrency, work.Length));
        var next = 0;
        while (next < work.Length || running.Count > 0)
        {
            while (next < work.Length && running.Count < maxConcurrency)
            {
                StartOne(next++);
            }

            if (running.Count == 0)
            {
                continue;
            }

            // No ConfigureAwait here: the workflow's own scheduler must run what follows.
#pragma warning disable CA2007
            var done = await Task.WhenAny(running.Keys);
#pragma warning restore CA2007
            running.Remove(done, out var index);
            if (done.IsCompletedSuccessfully)
            {
                results[index] = done.Result;
            }
            else
            {
                failures.Add(done.Exception?.InnerException ?? new TaskCanceledException(done));
            }
        }

        return failures.Count == 0
            ? results
            : throw new AggregateException($"{failures.Count} out of {work.Length} tasks failed", failures);

        void StartOne(int index)
        {
            Task<TResult> task;
            try
            {
                task = taskFactory(work[index]);
            }
#pragma warning disable CA1031 // Whatever the factory throws is that input's failure; the others are still tried.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.Add(failure);
                return;
            }

            // A factory may hand out one task twice; each input still gets its own entry.
            running.Add(running.ContainsKey(task) ? Again(task) : task, index);
        }

        static async Task<TResult> Again(Task<TResult> task) => await task;
    }
}
