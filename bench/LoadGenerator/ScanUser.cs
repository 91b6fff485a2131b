namespace Eco2.LoadGenerator;

/// <summary>One scan as a user does it: submit, follow the stream to its terminal event.</summary>
internal sealed class ScanUser(ScanClient client, Ledger ledger, Samples samples, StreamOptions streams, TimeProvider clock)
{
    private long scans;

    /// <summary>Submits until it is accepted, then follows.</summary>
    public async Task ScanAsync(Account account, CancellationToken ct)
    {
        samples.Begin();
        try
        {
            var number = Interlocked.Increment(ref scans);
            var began = clock.GetTimestamp();
            var submitMs = 0.0;
            var job = await client.SubmitAsync(
                account,
                account.Pictures[(int)(number % account.Pictures.Count)],
                // By this number the model stand-in knows which calls belong together.
                $"eco2-load-{number}",
                ledger,
                submission =>
                {
                    submitMs = submission.Elapsed.TotalMilliseconds;
                    samples.Add(new SubmitSample(clock.GetTimestamp(), submission.Status, submitMs));
                },
                ct);
            await FollowAsync(job, number, began, submitMs, ct);
        }
        catch (TimeoutException)
        {
            samples.GiveUp();
        }
        finally
        {
            samples.End();
        }
    }

    /// <summary>Submits once; a refusal is the end of it.</summary>
    public async Task TryScanAsync(Account account, CancellationToken ct)
    {
        samples.Begin();
        try
        {
            var number = Interlocked.Increment(ref scans);
            var began = clock.GetTimestamp();
            var key = $"load-{Guid.CreateVersion7(clock.GetUtcNow()):N}";
            var picture = account.Pictures[(int)(number % account.Pictures.Count)];
            Submission submission;
            do
            {
                // No answer leaves it open whether it was accepted.
                submission = await client.TrySubmitAsync(account, picture, $"eco2-load-{number}", key, ct);
                samples.Add(new SubmitSample(clock.GetTimestamp(), submission.Status, submission.Elapsed.TotalMilliseconds));
            }
            while (submission.Status == 0);

            if (submission.JobId is { } jobId)
            {
                await FollowAsync(ledger.Accepted(jobId, account, key), number, began, submission.Elapsed.TotalMilliseconds, ct);
            }
        }
        catch (TimeoutException)
        {
            samples.GiveUp();
        }
        finally
        {
            samples.End();
        }
    }

    private async Task FollowAsync(JobRecord job, long number, long began, double submitMs, CancellationToken ct)
    {
        var first = 0.0;
        var stream = job.OpenStream();
        await client.FollowAsync(stream, frame => first = first == 0 && frame.Seq > 0 ? clock.GetElapsedTime(began).TotalMilliseconds : first, streams, ct);
        var ended = clock.GetTimestamp();
        samples.Add(new ScanSample(number, began, ended, submitMs, first, clock.GetElapsedTime(began, ended).TotalMilliseconds, stream.Terminal == "done"));
    }
}
