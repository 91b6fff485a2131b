using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Resiliency;

/// <summary>When and how often to try again.</summary>
internal sealed record RetryRule
{
    // Exponential waits begin here and grow by the factor; each is then spread by the jitter. Dapr gives up after the total.
    private static readonly TimeSpan InitialInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MaxElapsed = TimeSpan.FromMinutes(15);
    private const double Factor = 1.5;
    private const double Jitter = 0.5;

    public bool Exponential { get; init; }

    /// <summary>The wait of a constant policy.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait of an exponential policy.</summary>
    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>-1 = no limit.</summary>
    public int MaxRetries { get; init; } = -1;

    /// <summary>HTTP statuses worth a retry; null = all failures.</summary>
    public StatusRanges? HttpStatuses { get; init; }

    /// <summary>gRPC codes worth a retry; null = all failures.</summary>
    public StatusRanges? GrpcStatuses { get; init; }

    public bool Matches(Exception? failure, int httpStatus) => failure switch
    {
        GrpcException grpc => GrpcStatuses?.Contains((int)grpc.Code) ?? true,
        ICodedFailure { Status: <= 16 and var code } => GrpcStatuses?.Contains(code) ?? true,
        ICodedFailure { Status: { } code } => HttpStatuses?.Contains(code) ?? true,
        null => HttpStatuses?.Contains(httpStatus) ?? true,
        _ => true,
    };

    public Schedule Start(TimeProvider clock) => new(this, clock);

    /// <summary>The waits of one call.</summary>
    internal sealed class Schedule(RetryRule rule, TimeProvider clock)
    {
        private readonly long _began = clock.GetTimestamp();
        private TimeSpan _next = InitialInterval;
        private int _retries;

        /// <summary>How long to wait before the next attempt, or null to give up.</summary>
        public TimeSpan? Next()
        {
            if (rule.MaxRetries >= 0 && _retries >= rule.MaxRetries)
            {
                return null;
            }

            _retries++;
            if (!rule.Exponential)
            {
                return rule.Interval;
            }

            if (clock.GetElapsedTime(_began) > MaxElapsed)
            {
                return null;
            }

            var spread = 1 + (Jitter * ((2 * Random.Shared.NextDouble()) - 1));
            var wait = _next * spread;
            _next = _next * Factor < rule.MaxInterval ? _next * Factor : rule.MaxInterval;
            return wait;
        }
    }
}

/// <summary>"500-599,429" and the like.</summary>
internal sealed class StatusRanges
{
    private readonly List<(int From, int To)> _ranges = [];

    public static bool TryParse(string text, out StatusRanges ranges)
    {
        ranges = new StatusRanges();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', 2, StringSplitOptions.TrimEntries);
            if (!int.TryParse(ends[0], out var from) || !int.TryParse(ends[^1], out var to) || to < from)
            {
                return false;
            }

            ranges._ranges.Add((from, to));
        }

        return ranges._ranges.Count > 0;
    }

    public bool Contains(int status) => _ranges.Exists(range => status >= range.From && status <= range.To);
}
