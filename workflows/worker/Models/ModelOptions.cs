using System.ComponentModel.DataAnnotations;
using Eco2.Contracts.Scan;

namespace Eco2.Worker.Models;

/// <summary>Section <c>Models</c>: who looks at photos and who words answers. The service <c>scan</c> reads the same section to know which
/// models it may offer.</summary>
internal sealed class ModelOptions
{
    /// <summary>Who looks at photos: local, openai or anthropic.</summary>
    /// <value>local</value>
    [RegularExpression("local|openai|anthropic")]
    public string Vision { get; init; } = Provider.Local;

    /// <summary>Who words answers: local, openai or anthropic.</summary>
    /// <value>local</value>
    [RegularExpression("local|openai|anthropic")]
    public string Answer { get; init; } = Provider.Local;

    /// <summary>OpenAI, or anything that speaks its chat API.</summary>
    public ProviderOptions OpenAI { get; init; } = new() { VisionModel = ModelNames.OpenAI, AnswerModel = ModelNames.OpenAI };

    public ProviderOptions Anthropic { get; init; } = new() { VisionModel = ModelNames.Anthropic, AnswerModel = ModelNames.Anthropic };

    /// <summary>What models cost, by the name that calls ask for. A model that is not here has an unknown price, not a price of nothing.</summary>
    public Dictionary<string, ModelPrice> Prices { get; init; } = new(StringComparer.Ordinal);

    /// <summary>How long one step of a job may spend on a provider, retries included.</summary>
    /// <value>00:01:00</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:30")]
    public TimeSpan StepLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one call may take.</summary>
    /// <value>00:00:40</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:02:00")]
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Further tries after a failure that may pass.</summary>
    /// <value>2</value>
    [Range(0, 5)]
    public int Retries { get; init; } = 2;

    /// <summary>Longest pause before the first retry; it doubles, and chance takes a part of it.</summary>
    /// <value>00:00:01</value>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:30")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A provider that asks for a longer pause than this counts as away.</summary>
    /// <value>00:00:20</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Calls of this replica that may wait for a provider's budget; beyond it the provider counts as away.</summary>
    /// <value>10000</value>
    [Range(0, 100_000)]
    public int Queue { get; init; } = 10_000;

    /// <summary>How often replicas count each other to share the budgets.</summary>
    /// <value>00:00:05</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ShareEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Calls within <see cref="BreakerWindow"/> from which on the breaker judges.</summary>
    /// <value>5</value>
    [Range(2, 1000)]
    public int BreakerMinimum { get; init; } = 5;

    /// <value>00:00:30</value>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an open breaker waits before it lets one call try.</summary>
    /// <value>00:00:15</value>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerPause { get; init; } = TimeSpan.FromSeconds(15);

    internal bool AsksProviders => Vision != Provider.Local || Answer != Provider.Local;
}

internal sealed class ProviderOptions
{
    /// <summary>Base address; absent means the provider's own. For OpenAI it includes the version: <c>http://host/v1</c>.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>The key. Absent, the secret store is asked for <c>openai-api-key</c> or <c>anthropic-api-key</c>.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Calls at a time, of all replicas together.</summary>
    /// <value>5000</value>
    public int Concurrency { get; init; } = 5000;

    /// <summary>Calls in any minute, of all replicas together; 0 means no limit.</summary>
    /// <value>0</value>
    public int RequestsPerMinute { get; init; }

    /// <summary>Tokens in and out in any minute, of all replicas together; 0 means no limit.</summary>
    /// <value>0</value>
    public int TokensPerMinute { get; init; }

    /// <summary>Model that looks at photos.</summary>
    public required string VisionModel { get; init; }

    /// <summary>Model that words answers.</summary>
    public required string AnswerModel { get; init; }
}

/// <summary>US dollars per million tokens, as the operator's contract with the provider says.</summary>
internal sealed class ModelPrice
{
    /// <summary>Of what is sent.</summary>
    [Range(0, 1_000_000)]
    public required decimal Input { get; init; }

    /// <summary>Of what comes back.</summary>
    [Range(0, 1_000_000)]
    public required decimal Output { get; init; }
}

internal static class Provider
{
    public const string Local = "local";
    public const string OpenAI = "openai";
    public const string Anthropic = "anthropic";
}
