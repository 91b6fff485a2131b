namespace Eco2.Cli.Observe;

/// <summary>The latest traces, in memory and bounded: the oldest makes room.</summary>
internal sealed class TraceRing(int mostTraces = 300, int mostSpans = 30_000)
{
    // A stream or a loop that never ends must not push everything else out.
    private const int MostSpansOfOne = 1_000;
    private readonly LinkedList<Trace> byAge = new();
    private readonly Dictionary<string, LinkedListNode<Trace>> byId = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private int spans;

    public void Add(Span span)
    {
        lock (gate)
        {
            if (!byId.TryGetValue(span.TraceId, out var node))
            {
                node = byAge.AddLast(new Trace(span.TraceId));
                byId.Add(span.TraceId, node);
            }

            if (node.Value.TryAdd(span, MostSpansOfOne))
            {
                spans++;
            }

            while (byAge.Count > mostTraces || spans > mostSpans)
            {
                // What an app does by itself, such as looking into its outbox, makes room first.
                var oldest = byAge.FirstOrDefault(trace => !trace.WasAsked) ?? byAge.First!.Value;
                byAge.Remove(byId[oldest.Id]);
                byId.Remove(oldest.Id);
                spans -= oldest.Count;
            }
        }
    }

    /// <summary>Newest first: so many of jobs and so many others. What an app did by itself and well is left out.</summary>
    public IReadOnlyList<TraceLine> Latest(int count)
    {
        lock (gate)
        {
            return
            [
                .. byAge.Where(trace => trace.WasAsked || trace.Failed)
                    .Select(trace => trace.Line())
                    .GroupBy(line => line.Job is null)
                    .SelectMany(lines => lines.OrderByDescending(line => line.Start).Take(count))
                    .OrderByDescending(line => line.Start),
            ];
        }
    }

    /// <summary>The spans of a trace in order of their start; null when it is not here (any more).</summary>
    public IReadOnlyList<Span>? Find(string traceId)
    {
        lock (gate)
        {
            return byId.TryGetValue(traceId, out var node) ? node.Value.Spans() : null;
        }
    }

    private sealed class Trace(string id)
    {
        private const int Server = 2;
        private const int Consumer = 5;
        private readonly Dictionary<string, Span> spans = new(StringComparer.Ordinal);

        public string Id => id;

        public int Count => spans.Count;

        /// <summary>Somebody called or sent a message; kinds as OpenTelemetry numbers them.</summary>
        public bool WasAsked { get; private set; }

        public bool Failed => spans.Values.Any(span => span.Failed);

        // An exporter that got no answer sends again.
        public bool TryAdd(Span span, int most)
        {
            WasAsked |= span.Kind is Server or Consumer;
            return spans.Count < most && spans.TryAdd(span.SpanId, span);
        }

        public IReadOnlyList<Span> Spans() => [.. spans.Values.OrderBy(span => span.Start)];

        public TraceLine Line()
        {
            var first = spans.Values.MinBy(span => (spans.ContainsKey(span.ParentId), span.Start))!;
            // The gateway's route may stand for any path: the app behind it says what was asked.
            var named = spans.Values.Where(span => span.Tags.TryGetValue("http.route", out var route) && !route.Contains("{**", StringComparison.Ordinal)).MinBy(span => span.Start) ?? first;
            return new TraceLine(
                id,
                named.Name,
                first.Service,
                first.Start,
                spans.Values.Max(span => span.End) - first.Start,
                spans.Count,
                Failed,
                spans.Values.Select(span => span.Tags.GetValueOrDefault("eco2.job.id")).FirstOrDefault(job => job is not null),
                [.. spans.Values.Select(span => span.Service).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
        }
    }
}

/// <summary>A trace in a list.</summary>
/// <param name="Ms">From the first start to the last end.</param>
internal sealed record TraceLine(string Id, string Name, string Service, double Start, double Ms, int Spans, bool Failed, string? Job, IReadOnlyList<string> Services);
