using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Eco2.ServiceDefaults.Telemetry;

/// <summary>What the instruments of this process measured, in the text format of Prometheus. It listens to the framework's meters and the product's
/// own, whose names begin with <c>eco2.</c>.</summary>
public sealed class PrometheusMetrics : IDisposable
{
    /// <summary>Media type of <see cref="Write"/>.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly HashSet<string> Framework = new(StringComparer.Ordinal)
    {
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql",
    };

    private readonly ConcurrentDictionary<string, MetricFamily> families = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();

    /// <summary>Begins to listen.</summary>
    public PrometheusMetrics()
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (Framework.Contains(instrument.Meter.Name) || instrument.Meter.Name.StartsWith("eco2", StringComparison.Ordinal))
            {
                // Two instruments of one name are one family: an app that is built twice in a process has its meters twice.
                listening.EnableMeasurementEvents(instrument, families.GetOrAdd(MetricFamily.NameOf(instrument), _ => MetricFamily.Of(instrument)));
            }
        };
        listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.SetMeasurementEventCallback<float>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        listener.Start();
    }

    /// <summary>Everything measured so far.</summary>
    public string Write()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            family.Write(text);
        }

        return text.ToString();
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => listener.Dispose();
}

/// <summary>One metric with its series, one for each combination of labels.</summary>
internal sealed class MetricFamily
{
    // A label with many values would fill the memory; what comes after so many goes into one series.
    private const int MostSeries = 500;
    private static readonly double[] Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180];
    private readonly ConcurrentDictionary<string, Series> series = new(StringComparer.Ordinal);
    private readonly string help;
    private readonly string type;
    private readonly bool adds;
    private readonly double[] bounds;

    private MetricFamily(string name, string help, string type, bool adds, double[] bounds) =>
        (Name, this.help, this.type, this.adds, this.bounds) = (name, help, type, adds, bounds);

    internal string Name { get; }

    internal static MetricFamily Of(Instrument instrument)
    {
        var kind = instrument.GetType().Name.Split('`')[0];
        var (type, adds) = kind switch
        {
            "Counter" => ("counter", true),
            "ObservableCounter" => ("counter", false),
            "UpDownCounter" => ("gauge", true),
            "Histogram" => ("histogram", true),
            _ => ("gauge", false),
        };
        var bounds = type != "histogram" ? []
            : (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray()
            ?? (instrument as Histogram<long>)?.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound).ToArray()
            ?? Seconds;
        return new MetricFamily(NameOf(instrument), instrument.Description ?? instrument.Name, type, adds, bounds);
    }

    /// <summary>http.server.request.duration in s is http_server_request_duration_seconds, as OpenTelemetry's exporters write it.</summary>
    internal static string NameOf(Instrument instrument)
    {
        var name = new StringBuilder(instrument.Name.Length + 16);
        foreach (var letter in instrument.Name)
        {
            name.Append(char.IsAsciiLetterOrDigit(letter) || letter == ':' ? letter : '_');
        }

        var unit = instrument.Unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            "1" or null or "" => "",
            ['{', ..] => "",
            var other => other,
        };
        if (unit.Length > 0 && !instrument.Name.EndsWith(unit, StringComparison.Ordinal))
        {
            name.Append('_').Append(unit);
        }

        return instrument.GetType().Name.Contains("Counter", StringComparison.Ordinal) && !instrument.GetType().Name.Contains("UpDown", StringComparison.Ordinal)
            ? name.Append("_total").ToString()
            : name.ToString();
    }

    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        if (!series.TryGetValue(labels, out var one))
        {
            one = series.GetOrAdd(series.Count < MostSeries ? labels : "overflow=\"true\"", _ => new Series(bounds.Length));
        }

        if (bounds.Length > 0)
        {
            var bucket = Array.BinarySearch(bounds, value);
            one.Observe(bucket < 0 ? ~bucket : bucket, value);
        }
        else if (adds)
        {
            one.Add(value);
        }
        else
        {
            one.Set(value);
        }
    }

    internal void Write(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').AppendLine(help.ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal));
        text.Append("# TYPE ").Append(Name).Append(' ').AppendLine(type);
        foreach (var (labels, one) in series)
        {
            if (bounds.Length == 0)
            {
                Line(text, "", labels, null, one.Sum);
                continue;
            }

            long below = 0;
            for (var i = 0; i <= bounds.Length; i++)
            {
                below += one.Bucket(i);
                Line(text, "_bucket", labels, i < bounds.Length ? Number(bounds[i]) : "+Inf", below);
            }

            Line(text, "_sum", labels, null, one.Sum);
            Line(text, "_count", labels, null, below);
        }
    }

    private void Line(StringBuilder text, string suffix, string labels, string? bound, double value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0 || bound is not null)
        {
            text.Append('{').Append(labels);
            if (bound is not null)
            {
                text.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(bound).Append('"');
            }

            text.Append('}');
        }

        text.Append(' ').AppendLine(Number(value));
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var text = new StringBuilder(64);
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length > 0 ? "," : "");
            foreach (var letter in name)
            {
                text.Append(char.IsAsciiLetterOrDigit(letter) ? letter : '_');
            }

            text.Append("=\"");
            foreach (var letter in Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
            {
                _ = letter switch
                {
                    '\\' => text.Append("\\\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append("\\n"),
                    _ => text.Append(letter),
                };
            }

            text.Append('"');
        }

        return text.ToString();
    }

    private sealed class Series(int bounds)
    {
        private readonly long[] buckets = bounds == 0 ? [] : new long[bounds + 1];
        private double sum;

        internal double Sum => Volatile.Read(ref sum);

        internal long Bucket(int index) => Interlocked.Read(ref buckets[index]);

        internal void Set(double value) => Volatile.Write(ref sum, value);

        internal void Add(double value)
        {
            double before, after;
            do
            {
                before = Volatile.Read(ref sum);
                after = before + value;
            }
            while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref sum, after, before)) != BitConverter.DoubleToInt64Bits(before));
        }

        internal void Observe(int bucket, double value)
        {
            Interlocked.Increment(ref buckets[bucket]);
            Add(value);
        }
    }
}
