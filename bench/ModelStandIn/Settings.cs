using System.Text.Json.Serialization;

namespace Eco2.ModelStandIn;

/// <summary>How the stand-in behaves; a <c>PUT /control</c> replaces the members it names.</summary>
/// <param name="VisionMeanMs">Mean time to look at a photo; 0 answers at once.</param>
/// <param name="AnswerMeanMs">Mean time to word an answer; 0 answers at once.</param>
/// <param name="Sigma">Spread of the lognormal times: standard deviation of their logarithm. 0.316 puts p95 at 1.6 times the mean.</param>
/// <param name="ErrorRate">Share of calls that get 500 at once.</param>
/// <param name="Rate429">Share of calls that get 429 at once.</param>
/// <param name="RetryAfterSeconds">What a 429 asks for.</param>
/// <param name="GarbageRate">Share of calls that get 200 and something that is no answer.</param>
/// <param name="HalfBodyRate">Share of calls whose answer breaks off in the middle.</param>
/// <param name="HangRate">Share of calls that get no answer for as long as the caller waits.</param>
internal sealed record Settings(
    double VisionMeanMs = 6900,
    double AnswerMeanMs = 4800,
    double Sigma = 0.316,
    double ErrorRate = 0,
    [property: JsonPropertyName("rate_429")] double Rate429 = 0,
    int RetryAfterSeconds = 1,
    double GarbageRate = 0,
    double HalfBodyRate = 0,
    double HangRate = 0)
{
    public static Settings From(IConfiguration configuration)
    {
        var settings = new Settings();
        return settings with
        {
            VisionMeanMs = configuration.GetValue("vision-mean", settings.VisionMeanMs),
            AnswerMeanMs = configuration.GetValue("answer-mean", settings.AnswerMeanMs),
            Sigma = configuration.GetValue("sigma", settings.Sigma),
        };
    }

    public bool IsSound() =>
        VisionMeanMs is >= 0 and < 600_000 && AnswerMeanMs is >= 0 and < 600_000 && Sigma is >= 0 and <= 2 && RetryAfterSeconds is >= 0 and <= 3600
        && Rates().All(rate => rate is >= 0 and <= 1) && Rates().Sum() <= 1;

    private double[] Rates() => [ErrorRate, Rate429, GarbageRate, HalfBodyRate, HangRate];
}

/// <summary>The members of <see cref="Settings"/> that a request names.</summary>
internal sealed record SettingsChange(
    double? VisionMeanMs,
    double? AnswerMeanMs,
    double? Sigma,
    double? ErrorRate,
    [property: JsonPropertyName("rate_429")] double? Rate429,
    int? RetryAfterSeconds,
    double? GarbageRate,
    double? HalfBodyRate,
    double? HangRate)
{
    public Settings On(Settings before) => new(
        VisionMeanMs ?? before.VisionMeanMs,
        AnswerMeanMs ?? before.AnswerMeanMs,
        Sigma ?? before.Sigma,
        ErrorRate ?? before.ErrorRate,
        Rate429 ?? before.Rate429,
        RetryAfterSeconds ?? before.RetryAfterSeconds,
        GarbageRate ?? before.GarbageRate,
        HalfBodyRate ?? before.HalfBodyRate,
        HangRate ?? before.HangRate);
}
