namespace Eco2.Contracts.Image;

/// <summary>A checked picture, the answer of the internal call <c>GET /internal/images/{key}</c> of app <c>image</c> (404 if the caller
/// in <c>X-User-Id</c> does not own it).</summary>
/// <param name="Key">Its key: <c>{channel}/{user id}/{image id}</c>.</param>
/// <param name="Channel">scan, chat or my.</param>
/// <param name="OwnerId">The uploader.</param>
/// <param name="ContentType">image/jpeg, image/png, image/webp or image/gif, as found in the content.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Bytes">Size of the stored picture.</param>
/// <param name="Sha256">Hash of what was uploaded, lower-case hex.</param>
/// <param name="Url">Path under which the owner can read it.</param>
public sealed record StoredImage(
    string Key,
    string Channel,
    Guid OwnerId,
    string ContentType,
    int Width,
    int Height,
    long Bytes,
    string Sha256,
    string Url);

/// <summary>The objects of one picture in the object store.</summary>
public static class ImageObjects
{
    /// <summary>The binding component that stores objects.</summary>
    public const string Binding = "objects";

    /// <summary>The picture without metadata, orientation applied, in its own format.</summary>
    public static string Original(string key) => $"{key}/original";

    /// <summary>JPEG, long side at most 1,024 px, for models.</summary>
    public static string Vision(string key) => $"{key}/vision.jpg";

    /// <summary>WebP, long side at most 320 px, for lists.</summary>
    public static string Thumbnail(string key) => $"{key}/thumbnail.webp";
}
