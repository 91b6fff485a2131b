using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Models;

/// <summary>Calls to providers as they are made, retries included; names and units as OpenTelemetry's conventions for generative AI have them where they do.</summary>
internal sealed class ModelMeter
{
    internal const string Name = "eco2.models";
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60] };
    private readonly Histogram<double> duration;
    private readonly Counter<long> tokens;
    private readonly Counter<long> failures;
    private readonly UpDownCounter<long> open;

    public ModelMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        duration = meter.CreateHistogram("gen_ai.client.operation.duration", "s", "One call to a provider", advice: Seconds);
        tokens = meter.CreateCounter<long>("eco2.models.tokens", "{token}", "Tokens that providers counted");
        failures = meter.CreateCounter<long>("eco2.models.failures", "{call}", "Calls that failed, by why; RateLimited is a 429");
        open = meter.CreateUpDownCounter<long>("eco2.models.breaker.open", "{breaker}", "1 while a provider is left alone");
    }

    internal void Answered(string provider, string? model, TimeSpan took, UsageDetails? usage)
    {
        duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("gen_ai.request.model", model));
        Count("input", usage?.InputTokenCount);
        Count("output", usage?.OutputTokenCount);

        void Count(string kind, long? count)
        {
            if (count > 0)
            {
                tokens.Add(count.Value, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("gen_ai.request.model", model), new("gen_ai.token.type", kind));
            }
        }
    }

    internal void Failed(string provider, string why) =>
        failures.Add(1, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("error.type", why));

    internal void Breaker(string provider, bool isOpen) => open.Add(isOpen ? 1 : -1, new KeyValuePair<string, object?>("gen_ai.provider.name", provider));
}
