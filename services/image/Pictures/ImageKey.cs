using System.Diagnostics.CodeAnalysis;

namespace Eco2.Image.Pictures;

/// <summary>Names a picture: <c>{channel}/{user id}/{image id}</c>.</summary>
internal sealed record ImageKey(string Channel, Guid OwnerId, Guid Id)
{
    public static bool IsChannel([NotNullWhen(true)] string? text) => text is "scan" or "chat" or "my";

    public static bool TryRead(string? text, [NotNullWhen(true)] out ImageKey? key)
    {
        key = text?.Split('/') is [var channel, var owner, var id] && IsChannel(channel)
            && Guid.TryParseExact(owner, "D", out var ownerId) && Guid.TryParseExact(id, "D", out var imageId)
            ? new ImageKey(channel, ownerId, imageId)
            : null;
        return key is not null;
    }

    public override string ToString() => $"{Channel}/{OwnerId:D}/{Id:D}";

    public string Url => $"/api/v1/images/{this}";
}
