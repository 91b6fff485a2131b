using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Eco2.Architecture.Tests.Targets;

// As Dapr reads them; a key that is not here is an error of the file.
internal sealed record Named
{
    public string Name { get; init; } = "";
}

internal sealed record ComponentFile
{
    public string ApiVersion { get; init; } = "";

    public string Kind { get; init; } = "";

    public Named Metadata { get; init; } = new();

    public ComponentSpec Spec { get; init; } = new();

    public ComponentAuth? Auth { get; init; }

    public List<string> Scopes { get; init; } = [];

    public string Name => Metadata.Name;

    public string? Plain(string setting) => Spec.Metadata.Find(s => s.Name.Equals(setting, StringComparison.OrdinalIgnoreCase))?.Value;

    public bool IsFor(string app) => Scopes.Count == 0 || Scopes.Contains(app, StringComparer.Ordinal);
}

internal sealed record ComponentSpec
{
    public string Type { get; init; } = "";

    public string Version { get; init; } = "";

    public string? InitTimeout { get; init; }

    public List<Setting> Metadata { get; init; } = [];
}

internal sealed record ComponentAuth
{
    public string SecretStore { get; init; } = "";
}

internal sealed record Setting
{
    public string Name { get; init; } = "";

    public string? Value { get; init; }

    public string? EnvRef { get; init; }

    public SecretRef? SecretKeyRef { get; init; }
}

internal sealed record SecretRef
{
    public string Name { get; init; } = "";

    public string Key { get; init; } = "";
}

internal sealed record SubscriptionFile
{
    public string ApiVersion { get; init; } = "";

    public string Kind { get; init; } = "";

    public Named Metadata { get; init; } = new();

    public SubscriptionSpec Spec { get; init; } = new();

    public List<string> Scopes { get; init; } = [];

    /// <summary>Everything that every target has alike; how many messages come at once may differ.</summary>
    public string Sense => $"{Metadata.Name}: {Spec.PubsubName}/{Spec.Topic} -> {Spec.Routes.Default}, dead: {Spec.DeadLetterTopic ?? "none"}, "
        + $"{string.Join(' ', Spec.Metadata.Select(pair => $"{pair.Key}={pair.Value}"))}, for {string.Join(' ', Scopes.Order(StringComparer.Ordinal))}";
}

internal sealed record SubscriptionSpec
{
    [YamlMember(Alias = "pubsubname")]
    public string PubsubName { get; init; } = "";

    public string Topic { get; init; } = "";

    public Routes Routes { get; init; } = new();

    public string? DeadLetterTopic { get; init; }

    public Dictionary<string, string> Metadata { get; init; } = [];

    public Dictionary<string, string> BulkSubscribe { get; init; } = [];
}

internal sealed record Routes
{
    public string Default { get; init; } = "";
}

internal sealed record ResiliencyFile
{
    public string ApiVersion { get; init; } = "";

    public string Kind { get; init; } = "";

    public Named Metadata { get; init; } = new();

    public ResiliencySpec Spec { get; init; } = new();
}

internal sealed record ResiliencySpec
{
    public Policies Policies { get; init; } = new();

    public ResiliencyTargets Targets { get; init; } = new();
}

internal sealed record Policies
{
    public Dictionary<string, Retry> Retries { get; init; } = [];

    public Dictionary<string, string> Timeouts { get; init; } = [];
}

internal sealed record Retry
{
    public string Policy { get; init; } = "";

    public string? Duration { get; init; }

    public string? MaxInterval { get; init; }

    public int MaxRetries { get; init; } = -1;

    /// <summary>Seconds until it gives up at worst: every try runs into the timeout, every pause is as long as chance allows.</summary>
    public double Worst(double timeout)
    {
        var (worst, pause) = ((MaxRetries + 1) * timeout, 0.5);
        for (var i = 0; i < MaxRetries; i++)
        {
            // Exponential waits begin at 0.5 s and grow by half; each may be half as long again.
            worst += Policy == "constant" ? Seconds.Of(Duration!) : pause * 1.5;
            pause = Math.Min(pause * 1.5, Seconds.Of(MaxInterval ?? "60s"));
        }

        return MaxRetries < 0 ? double.PositiveInfinity : worst;
    }
}

internal sealed record ResiliencyTargets
{
    public Dictionary<string, Directions> Components { get; init; } = [];
}

internal sealed record Directions
{
    public Applied? Inbound { get; init; }

    public Applied? Outbound { get; init; }
}

internal sealed record Applied
{
    public string? Retry { get; init; }

    public string? Timeout { get; init; }
}

internal static class Seconds
{
    /// <summary>"300s", "5m" or a plain number of seconds.</summary>
    public static double Of(string text) => text[^1] switch
    {
        's' => double.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture),
        'm' => 60 * Of(text[..^1]),
        'h' => 3600 * Of(text[..^1]),
        _ => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
    };
}

internal static class Yaml
{
    private static readonly IDeserializer Strict = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();

    private static readonly IDeserializer Lenient = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).IgnoreUnmatchedProperties().Build();

    public static T Read<T>(string document) => Strict.Deserialize<T>(document);

    public static string KindOf(string document) => Lenient.Deserialize<AnyFile>(document).Kind;

    /// <summary>What a file says beyond what is asked for is passed over.</summary>
    public static T Glance<T>(string document) => Lenient.Deserialize<T>(document);

    private sealed record AnyFile
    {
        public string Kind { get; init; } = "";
    }
}
