using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace EmbeddedSidecar.Telemetry;

/// <summary>What a metric does with a value.</summary>
internal enum MetricKind
{
    /// <summary>Adds up; only grows.</summary>
    Counter,

    /// <summary>Keeps the last one.</summary>
    Gauge,

    /// <summary>Counts it into buckets.</summary>
    Histogram,
}

/// <summary>The values of a metric's labels, in the order of their names; an empty one is no label, as in Prometheus.</summary>
internal readonly record struct LabelValues(string A = "", string B = "", string C = "", string D = "", string E = "")
{
    public string this[int index] => index switch { 0 => A, 1 => B, 2 => C, 3 => D, _ => E } ?? "";
}

/// <summary>One metric with a series for each combination of labels. A series that exists is changed without allocating.</summary>
/// <param name="constant">Labels that all series have, rendered.</param>
/// <param name="bounds">Upper bounds of the buckets of a histogram, rising.</param>
internal sealed class Metric(string name, string help, MetricKind kind, string constant, double[] bounds, params string[] labels)
{
    // A label with many values would fill the memory; what comes after so many goes into one series.
    private const int MostSeries = 500;
    private readonly ConcurrentDictionary<LabelValues, Series> _series = new();

    /// <summary>One more.</summary>
    public void Count(LabelValues of = default) => Find(of).Add(1);

    /// <summary>So many more, or less for a gauge.</summary>
    public void Add(double value, LabelValues of = default) => Find(of).Add(value);

    /// <summary>The value from now on.</summary>
    public void Set(double value, LabelValues of = default) => Find(of).Set(value);

    /// <summary>One more measured value.</summary>
    public void Observe(double value, LabelValues of = default)
    {
        var bucket = Array.BinarySearch(bounds, value);
        Find(of).Observe(bucket < 0 ? ~bucket : bucket, value);
    }

    /// <summary>Adds the metric in the text format of Prometheus, nothing when it has no series.</summary>
    public void Write(StringBuilder text)
    {
        if (_series.IsEmpty)
        {
            return;
        }

        var type = kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" };
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        foreach (var (values, series) in _series)
        {
            var rendered = Render(values);
            if (kind != MetricKind.Histogram)
            {
                Line(text, "", rendered, null, series.Sum);
                continue;
            }

            long below = 0;
            for (var i = 0; i <= bounds.Length; i++)
            {
                below += series.Bucket(i);
                Line(text, "_bucket", rendered, i < bounds.Length ? Number(bounds[i]) : "+Inf", below);
            }

            Line(text, "_sum", rendered, null, series.Sum);
            Line(text, "_count", rendered, null, below);
        }
    }

    private Series Find(LabelValues of) =>
        _series.TryGetValue(of, out var found) ? found
        : _series.GetOrAdd(_series.Count < MostSeries ? of : new LabelValues("other"), _ => new Series(kind == MetricKind.Histogram ? bounds.Length + 1 : 0));

    private string Render(LabelValues values)
    {
        var text = new StringBuilder(constant);
        for (var i = 0; i < labels.Length; i++)
        {
            if (values[i].Length > 0)
            {
                Label(text, labels[i], values[i]);
            }
        }

        return text.ToString();
    }

    /// <summary>Adds one label to those before it.</summary>
    public static StringBuilder Label(StringBuilder text, string name, string value)
    {
        text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"");
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '\\' => text.Append("\\\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(letter),
            };
        }

        return text.Append('"');
    }

    private void Line(StringBuilder text, string suffix, string rendered, string? bound, double value)
    {
        text.Append(name).Append(suffix).Append('{').Append(rendered);
        if (bound is not null)
        {
            text.Append(rendered.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
        }

        text.Append("} ").Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private sealed class Series(int buckets)
    {
        private readonly long[] _buckets = buckets == 0 ? [] : new long[buckets];
        private double _sum;

        public double Sum => Volatile.Read(ref _sum);

        public long Bucket(int index) => Interlocked.Read(ref _buckets[index]);

        public void Set(double value) => Volatile.Write(ref _sum, value);

        public void Add(double value)
        {
            double before, seen = Volatile.Read(ref _sum);
            do
            {
                before = seen;
                seen = Interlocked.CompareExchange(ref _sum, before + value, before);
            }
            while (BitConverter.DoubleToInt64Bits(seen) != BitConverter.DoubleToInt64Bits(before));
        }

        public void Observe(int bucket, double value)
        {
            Interlocked.Increment(ref _buckets[bucket]);
            Add(value);
        }
    }
}
