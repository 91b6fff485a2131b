using System.Diagnostics.Metrics;
using Eco2.Worker.Models;
using Microsoft.Extensions.AI;
using Xunit;

namespace Eco2.Worker.Tests.Models;

public sealed class CostTests
{
    private static readonly ModelOptions Priced = new() { Prices = new() { ["large"] = new ModelPrice { Input = 1.25m, Output = 10m } } };

    [Theory]
    [InlineData("large", 1_000_000, 100_000, 2.25, 0)]
    [InlineData("large", 1830, 140, 0.0036875, 0)]
    // A model without a price, and a provider that does not count: unknown, and not free.
    [InlineData("small", 1_000_000, 100_000, 0, 1)]
    [InlineData("large", null, null, 0, 1)]
    public void A_call_costs_what_the_configured_price_says_or_counts_as_unknown(string model, int? read, int? written, double dollars, long unknown)
    {
        var (cost, unpriced) = (0d, 0L);
        var meter = Meters.Create(Priced);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument, meter.Cost) || ReferenceEquals(instrument, meter.Unpriced))
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => cost += Named(tags) == model ? value : double.NaN);
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => unpriced += Named(tags) == model ? value : 1000);
        listener.Start();

        meter.Answered("openai", model, TimeSpan.FromSeconds(1), new UsageDetails { InputTokenCount = read, OutputTokenCount = written });

        Assert.Equal(dollars, cost, 9);
        Assert.Equal(unknown, unpriced);
    }

    private static string? Named(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            if (name == "gen_ai.request.model")
            {
                return (string?)value;
            }
        }

        return null;
    }
}
