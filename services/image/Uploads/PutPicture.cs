using Eco2.Contracts.Image;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>The whole upload in one call: the body is the picture.</summary>
internal sealed class PutPicture
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/{channel}", Handle).WithMetadata(Intake.AnySize);

    private static async Task<Results<Created<StoredImage>, ProblemHttpResult>> Handle(
        string channel,
        CurrentUser user,
        HttpContext http,
        NpgsqlDataSource db,
        Intake intake,
        IOptions<ImageOptions> options,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (!ImageKey.IsChannel(channel))
        {
            return Problems.NotFound();
        }

        var type = Intake.MediaType(http.Request);
        if (!Intake.IsAccepted(type))
        {
            return Problems.UnsupportedMedia();
        }

        if (http.Request.ContentLength > options.Value.MaxBytes)
        {
            return Problems.TooLarge(options.Value.MaxBytes);
        }

        var now = clock.GetUtcNow();
        var key = new ImageKey(channel, user.Id, Guid.CreateVersion7(now));
        var picture = new PictureRow(
            key, "pending", null, type!, http.Request.ContentLength ?? 0, null, null, 0, 0, 0, null, now + options.Value.UploadLifetime);
        await PictureRow.InsertAsync(db, picture, filename: null, now, ct);
        var (stored, problem) = await intake.TakeAsync(picture, http.Request.Body, ct);
        return stored is null ? problem! : TypedResults.Created(stored.Url, stored);
    }
}
