#nullable disable
using System.Text.Json;

namespace Dapr.Actors.Client;

/// <summary>Where a proxy's calls go and what their bodies are.</summary>
public class ActorProxyOptions
{
    private JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    /// <summary>How values become JSON; web defaults unless set.</summary>
    public JsonSerializerOptions JsonSerializerOptions
    {
        get => _json;
        set => _json = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>The token for the sidecar; from the environment unless set.</summary>
    public string DaprApiToken { get; set; } = DaprDefaults.GetDefaultDaprApiToken(null);

    /// <summary>The sidecar's HTTP API; from the environment unless set.</summary>
    public string HttpEndpoint { get; set; } = DaprDefaults.GetDefaultHttpEndpoint();

    /// <summary>Limit of a call; null: 100 s.</summary>
    public TimeSpan? RequestTimeout { get; set; }

    /// <summary>Whether typed calls speak JSON instead of binary XML. The actor's side must do the same.</summary>
    public bool UseJsonSerialization { get; set; }
}
