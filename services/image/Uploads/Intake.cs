using Eco2.Contracts.Image;
using Eco2.Contracts.Media;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>Takes a picture in: media checks it by its content and stores it, the row becomes ready. The bytes only pass through.</summary>
internal sealed class Intake(Media media, ObjectStore objects, NpgsqlDataSource db, IOptions<ImageOptions> options, TimeProvider clock)
{
    /// <summary>Where a presigned upload lies until it is checked.</summary>
    public static string UploadObject(ImageKey key) => $"{key}/upload";

    /// <summary>The service counts by itself, to answer with its own problem.</summary>
    public static readonly IRequestSizeLimitMetadata AnySize = new NoLimit();

    private sealed class NoLimit : IRequestSizeLimitMetadata
    {
        public long? MaxRequestBodySize => null;
    }

    public static bool IsAccepted(string? type) => type is "image/jpeg" or "image/png" or "image/webp" or "image/gif";

    public static string? MediaType(HttpRequest request) =>
        Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value?.ToLowerInvariant() : null;

    /// <summary>Takes the body of a request: one of the two results is null.</summary>
    public async Task<(StoredImage? Stored, ProblemHttpResult? Problem)> TakeAsync(PictureRow picture, Stream body, CancellationToken ct)
    {
        // A body without an announced length may be as large as any picture.
        var limit = picture.DeclaredBytes > 0 ? Math.Min(picture.DeclaredBytes, options.Value.MaxBytes) : options.Value.MaxBytes;
        var (found, problem) = await media.NormaliseAsync(picture.Key, new BoundedStream(body, limit), picture.DeclaredType, picture.DeclaredBytes, limit, ct);
        return found is null ? (null, problem) : await FinishAsync(picture, found, ct);
    }

    /// <summary>Takes what was put into the store by a presigned address, if it is there.</summary>
    public async Task<(StoredImage? Stored, ProblemHttpResult? Problem)> FromStoreAsync(PictureRow picture, CancellationToken ct)
    {
        if (!picture.IsOpen(clock.GetUtcNow()) || await objects.GetAsync(UploadObject(picture.Key), ct) is not { } bytes)
        {
            return (null, Problems.UploadNotFound());
        }

        if (bytes.Length != picture.DeclaredBytes)
        {
            return (null, Problems.LengthMismatch());
        }

        using var body = new MemoryStream(bytes.ToArray(), writable: false);
        var result = await TakeAsync(picture, body, ct);
        if (result.Stored is not null)
        {
            // It still has its metadata, where the photo was taken above all.
            await objects.DeleteAsync(UploadObject(picture.Key), ct);
        }

        return result;
    }

    private async Task<(StoredImage? Stored, ProblemHttpResult? Problem)> FinishAsync(PictureRow picture, NormalizedImage found, CancellationToken ct)
    {
        if (found.ContentType != picture.DeclaredType)
        {
            return (null, Problems.UnsupportedMedia($"The content is {found.ContentType}, announced was {picture.DeclaredType}."));
        }

        if (picture.DeclaredSha256 is not null && !string.Equals(picture.DeclaredSha256, found.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            return (null, Problems.ChecksumMismatch());
        }

        await PictureRow.FinishAsync(db, picture.Key, found, clock.GetUtcNow(), ct);
        var ready = await PictureRow.FindAsync(db, picture.Key, ct);
        return ready is { IsReady: true } ? (ready.Stored(), null) : (null, Problems.UploadNotFound());
    }
}
