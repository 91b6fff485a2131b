namespace EmbeddedSidecar.PubSub;

/// <summary>What daprd tells apart when it decides how data goes into a CloudEvent.</summary>
internal static class MediaTypes
{
    public const string Json = "application/json";
    public const string CloudEvent = "application/cloudevents+json";
    public const string Bytes = "application/octet-stream";
    public const string PlainText = "text/plain";

    public static bool IsJson(string? mediaType) => Is(mediaType, Json);

    public static bool IsCloudEvent(string? mediaType) => Is(mediaType, CloudEvent);

    public static bool IsBytes(string? mediaType) => Is(mediaType, Bytes) || Is(mediaType, "application/cloudevents+protobuf");

    public static bool IsText(string? mediaType) =>
        mediaType is not null && (mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || Is(mediaType, "application/xml"));

    private static bool Is(string? mediaType, string expected)
    {
        if (mediaType is null)
        {
            return false;
        }

        var name = mediaType.AsSpan();
        var semicolon = name.IndexOf(';');
        return (semicolon < 0 ? name : name[..semicolon]).Equals(expected, StringComparison.OrdinalIgnoreCase);
    }
}
