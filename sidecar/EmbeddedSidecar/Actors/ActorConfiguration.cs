using System.Text.Json;
using System.Text.Json.Serialization;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Actors;

/// <summary>How actors of one type are kept.</summary>
/// <param name="IdleTimeout">An actor that nobody called for so long is deactivated.</param>
/// <param name="Drains">Calls under way may end before an actor moves; false = they are broken off.</param>
/// <param name="DrainTimeout">How long they may take.</param>
/// <param name="MaxStackDepth">Calls of one chain at once, the first included.</param>
internal sealed record ActorTypeOptions(TimeSpan IdleTimeout, bool Drains, TimeSpan DrainTimeout, bool IsReentrant, int MaxStackDepth);

/// <summary>Reads what an app says of its actors: the answer to GET /dapr/config, or the first message of a stream.</summary>
internal static class ActorConfiguration
{
    private static readonly TimeSpan _idle = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan _drain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _longestDrain = TimeSpan.FromSeconds(30);
    private const int MaxStackDepth = 32;

    /// <summary>Options by actor type; empty when the app hosts none.</summary>
    /// <exception cref="JsonException">Not the JSON that is expected.</exception>
    public static IReadOnlyDictionary<string, ActorTypeOptions> Read(byte[]? answer) =>
        answer is { Length: > 0 } && JsonSerializer.Deserialize(answer, ActorConfigurationJson.Default.Document) is { } document
            ? Options(document)
            : new Dictionary<string, ActorTypeOptions>();

    public static IReadOnlyDictionary<string, ActorTypeOptions> Read(SubscribeActorEventsRequestInitialAlpha1 request) =>
        Options(new Document
        {
            Entities = [.. request.Entities],
            ActorIdleTimeout = Text(request.ActorIdleTimeout),
            DrainOngoingCallTimeout = Text(request.DrainOngoingCallTimeout),
            DrainRebalancedActors = request.HasDrainRebalancedActors ? request.DrainRebalancedActors : null,
            Reentrancy = Reentrancy(request.Reentrancy),
            EntitiesConfig = [.. request.EntitiesConfig.Select(config => new Document
            {
                Entities = [.. config.Entities],
                ActorIdleTimeout = Text(config.ActorIdleTimeout),
                DrainOngoingCallTimeout = Text(config.DrainOngoingCallTimeout),
                DrainRebalancedActors = config.HasDrainRebalancedActors ? config.DrainRebalancedActors : null,
                Reentrancy = Reentrancy(config.Reentrancy),
            })],
        });

    private static Dictionary<string, ActorTypeOptions> Options(Document document)
    {
        var options = new Dictionary<string, ActorTypeOptions>(StringComparer.Ordinal);
        foreach (var type in document.Entities ?? [])
        {
            // What is said of a type replaces what is said of all, member by member only for draining: so does Dapr.
            var own = document.EntitiesConfig?.LastOrDefault(config => config.Entities?.Contains(type) == true);
            var from = own ?? document;
            options[type] = new ActorTypeOptions(
                Duration(from.ActorIdleTimeout) ?? _idle,
                own?.DrainRebalancedActors ?? document.DrainRebalancedActors ?? true,
                Clamp(Duration(own?.DrainOngoingCallTimeout) ?? Duration(document.DrainOngoingCallTimeout) ?? _drain),
                from.Reentrancy?.Enabled ?? false,
                from.Reentrancy?.MaxStackDepth ?? MaxStackDepth);
        }

        return options;
    }

    // An unreadable duration counts as none.
    private static TimeSpan? Duration(string? text) => GoDuration.TryParseStrict(text, out var duration) ? duration : null;

    private static TimeSpan Clamp(TimeSpan drain) => drain < _longestDrain ? drain : _longestDrain * 0.8;

    private static string? Text(Google.Protobuf.WellKnownTypes.Duration? duration) => duration is null ? null : GoDuration.Format(duration.ToTimeSpan());

    private static ReentrancyDocument? Reentrancy(ActorReentrancyConfig? config) =>
        config is null ? null : new ReentrancyDocument { Enabled = config.Enabled, MaxStackDepth = config.HasMaxStackDepth ? config.MaxStackDepth : null };

    internal sealed record Document
    {
        public List<string>? Entities { get; init; }

        public string? ActorIdleTimeout { get; init; }

        public string? DrainOngoingCallTimeout { get; init; }

        public bool? DrainRebalancedActors { get; init; }

        public ReentrancyDocument? Reentrancy { get; init; }

        public List<Document>? EntitiesConfig { get; init; }
    }

    internal sealed record ReentrancyDocument
    {
        public bool Enabled { get; init; }

        public int? MaxStackDepth { get; init; }
    }
}

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(ActorConfiguration.Document))]
internal sealed partial class ActorConfigurationJson : JsonSerializerContext;
