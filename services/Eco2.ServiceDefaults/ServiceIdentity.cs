using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.ServiceDefaults;

/// <summary>Which service this process is: its Dapr app id, which is also the middle part of its problem types.</summary>
/// <param name="Name">The app id, such as <c>event-router</c>.</param>
/// <param name="IsEdge">True for the app that people reach: only what its sidecar calls is guarded by the app token.</param>
public sealed record ServiceIdentity(string Name, bool IsEdge)
{
    /// <summary>The schema of the service.</summary>
    public string Schema => Name.Replace('-', '_');

    /// <summary>The database role it runs as; it can use its own schema only.</summary>
    public string Role => $"eco2_{Schema}";
}

/// <summary>How this service writes and reads what travels between apps: snake_case, absent instead of null, unknown members ignored
/// so that a newer publisher may add some.</summary>
public sealed class WireJson
{
    /// <param name="resolvers">Source-generated contexts, asked before reflection.</param>
    public WireJson(IEnumerable<System.Text.Json.Serialization.Metadata.IJsonTypeInfoResolver> resolvers)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Shape(options, resolvers);
        options.MakeReadOnly(populateMissingResolver: true);
        Options = options;
    }

    /// <summary>Frozen options.</summary>
    public JsonSerializerOptions Options { get; }

    internal static void Shape(JsonSerializerOptions options, IEnumerable<System.Text.Json.Serialization.Metadata.IJsonTypeInfoResolver> resolvers)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        options.Converters.Add(new UtcTime());
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine(
            [.. resolvers, new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()]);
    }
}
