namespace Eco2.Cli.Up;

/// <summary>Waiting for a condition with a deadline.</summary>
internal static class Until
{
    /// <summary>Returns once <paramref name="condition"/> holds; after <paramref name="seconds"/> says <paramref name="otherwise"/>.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string otherwise, TimeProvider clock, CancellationToken ct, int seconds = 60)
    {
        var since = clock.GetTimestamp();
        while (!await condition())
        {
            if (clock.GetElapsedTime(since) > TimeSpan.FromSeconds(seconds))
            {
                throw new UserMessageException(otherwise);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, ct);
        }
    }
}
