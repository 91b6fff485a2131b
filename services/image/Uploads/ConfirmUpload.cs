using System.Text.Json;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>The client says that its upload is done; from here on the picture can be used. Saying so again answers the same.</summary>
internal sealed class ConfirmUpload
{
    public sealed record Request(string? Key, string? Etag, long? ContentLength, string? Checksum);

    public sealed record Answer(
        string Key, string Channel, string CdnUrl, Guid UploaderId, JsonElement? Metadata, string? Etag, string ContentType, int Width, int Height);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{channel}/callback", Handle);

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        string channel, Request request, CurrentUser user, NpgsqlDataSource db, Intake intake, CancellationToken ct)
    {
        if (!ImageKey.TryRead(request.Key, out var key))
        {
            return Problems.Invalid(new Dictionary<string, string[]> { ["key"] = ["The key of an upload is required."] });
        }

        if (key.OwnerId != user.Id)
        {
            return Problems.UploaderMismatch();
        }

        if (key.Channel != channel)
        {
            return Problems.ChannelMismatch();
        }

        if (await PictureRow.FindAsync(db, key, ct) is not { } picture)
        {
            return Problems.UploadNotFound();
        }

        if (request.ContentLength is { } length && length != picture.DeclaredBytes)
        {
            return Problems.LengthMismatch();
        }

        var (stored, problem) = picture.IsReady ? (picture.Stored(), null) : await intake.FromStoreAsync(picture, ct);
        if (stored is null)
        {
            return problem!;
        }

        if (request.Checksum is not null && !string.Equals(request.Checksum, stored.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            return Problems.ChecksumMismatch();
        }

        JsonElement? metadata = picture.Metadata is null ? null : JsonElement.Parse(picture.Metadata);
        return TypedResults.Ok(new Answer(
            stored.Key, channel, stored.Url, stored.OwnerId, metadata, request.Etag ?? stored.Sha256, stored.ContentType, stored.Width, stored.Height));
    }
}
