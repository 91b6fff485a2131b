using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Eco2.Edge.Limits;

/// <summary>A limit as it is set here.</summary>
/// <param name="Name">In documents: other lengths count under another name, so that a change of the settings misreads nothing.</param>
/// <param name="Count">Most requests in <paramref name="Length"/>.</param>
/// <param name="Length">Of the window.</param>
/// <param name="WhenAway">When the store cannot be reached.</param>
internal sealed record Window(string Name, long Count, TimeSpan Length, WhenAway WhenAway)
{
    /// <summary>Steps in a window: a minute slides by 10 s, a day by the hour. As many before the present one still count.</summary>
    public int Buckets { get; } = BucketsOf(Length);

    /// <summary>Steps after its own in which a slice may be spent: about a minute of the one, an hour of the other.</summary>
    public int Ahead { get; } = AheadOf(Length);

    /// <summary>Into how many a replica cuts what is left. A replica that dies takes a slice with it, and a day is long.</summary>
    public int Slices { get; } = IsLong(Length) ? 50 : 5;

    /// <summary>The step by which it slides.</summary>
    public TimeSpan Bucket { get; } = Length / BucketsOf(Length);

    public static int BucketsOf(TimeSpan length) => IsLong(length) ? 24 : 6;

    public static int AheadOf(TimeSpan length) => IsLong(length) ? 1 : 6;

    public long BucketAt(DateTimeOffset time) => time.UtcTicks / Bucket.Ticks;

    /// <summary>When this step begins.</summary>
    public DateTimeOffset Start(long bucket) => new(bucket * Bucket.Ticks, TimeSpan.Zero);

    private static bool IsLong(TimeSpan length) => length >= TimeSpan.FromHours(12);
}

/// <summary>The limits with the numbers of the settings.</summary>
internal sealed class LimitBook
{
    private readonly FrozenDictionary<string, Window> windows;

    public LimitBook(IOptions<EdgeOptions> options)
    {
        var given = options.Value.Limits;
        if (given.Keys.FirstOrDefault(name => Policies.Policies.Limits.All(limit => limit.Name != name)) is { } unknown)
        {
            throw new InvalidOperationException($"Edge:Limits names \"{unknown}\", and there is no such limit.");
        }

        windows = Policies.Policies.Limits.ToFrozenDictionary(
            limit => limit.Name,
            limit =>
            {
                var (count, length) = given.TryGetValue(limit.Name, out var text) ? Read(limit.Name, text) : (limit.Count, limit.Window);
                return new Window(string.Create(CultureInfo.InvariantCulture, $"{limit.Name}/{length.TotalSeconds:0}"), count * options.Value.LimitFactor, length, limit.WhenAway);
            },
            StringComparer.Ordinal);
    }

    public Window this[Limit limit] => windows[limit.Name];

    private static (long Count, TimeSpan Length) Read(string name, string text) =>
        text.Split('/') is [var number, var unit] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 1_000_000_000
            ? (count, unit switch
            {
                "s" => TimeSpan.FromSeconds(1),
                "min" => TimeSpan.FromMinutes(1),
                "h" => TimeSpan.FromHours(1),
                "day" => TimeSpan.FromDays(1),
                _ => throw Unreadable(name, text),
            })
            : throw Unreadable(name, text);

    private static InvalidOperationException Unreadable(string name, string text) =>
        new($"Edge:Limits:{name} is \"{text}\"; it wants a number and a unit, such as 10/min (s, min, h, day).");
}
