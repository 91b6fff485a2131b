using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

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

    private readonly Dictionary<string, ModelPrice> prices;

    public ModelMeter(IMeterFactory meters, IOptions<ModelOptions> options)
    {
        prices = options.Value.Prices;
        var meter = meters.Create(Name);
        duration = meter.CreateHistogram("gen_ai.client.operation.duration", "s", "One call to a provider", advice: Seconds);
        tokens = meter.CreateCounter<long>("eco2.models.tokens", "{token}", "Tokens that providers counted");
        failures = meter.CreateCounter<long>("eco2.models.failures", "{call}", "Calls that failed, by why; RateLimited is a 429");
        Cost = meter.CreateCounter<double>("eco2.models.cost_usd", "{USD}", "Tokens times the configured price");
        Unpriced = meter.CreateCounter<long>("eco2.models.unpriced", "{call}", "Calls whose cost is unknown: no price is configured for the model, or the provider counted no tokens");
        open = meter.CreateUpDownCounter<long>("eco2.models.breaker.open", "{breaker}", "1 while a provider is left alone");
    }

    internal Counter<double> Cost { get; }

    internal Counter<long> Unpriced { get; }

    internal void Answered(string provider, string? model, TimeSpan took, UsageDetails? usage)
    {
        duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("gen_ai.request.model", model));
        Count("input", usage?.InputTokenCount);
        Count("output", usage?.OutputTokenCount);
        Pay();

        // Without a price nothing is guessed: such calls are a series of their own.
        void Pay()
        {
            if (model is not null && usage is { InputTokenCount: { } read, OutputTokenCount: { } written } && prices.TryGetValue(model, out var price))
            {
                var dollars = ((read * price.Input) + (written * price.Output)) / 1_000_000m;
                Cost.Add((double)dollars, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("gen_ai.request.model", model));
            }
            else
            {
                Unpriced.Add(1, new KeyValuePair<string, object?>("gen_ai.provider.name", provider), new("gen_ai.request.model", model));
            }
        }

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
