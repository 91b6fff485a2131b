using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.PubSub;

/// <summary>Whoever shares a consumer id shares the messages of a topic.</summary>
internal static class ConsumerId
{
    /// <summary><c>consumerID</c> of the component, else the app id.</summary>
    public static string Of(ComponentContext context) =>
        context.Metadata.Exactly("consumerID")?.Trim() is { Length: > 0 } given ? given : context.App.AppId;
}
