using Eco2.Contracts.Image;
using Eco2.Image.Uploads;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Image.Pictures;

/// <summary>For other apps: is this a checked picture of the user? One that was uploaded and never called back is checked now.</summary>
internal sealed class GetStoredImage
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/images/{**key}", Handle);

    private static async Task<Results<Ok<StoredImage>, ProblemHttpResult>> Handle(
        string key, CurrentUser user, NpgsqlDataSource db, Intake intake, CancellationToken ct)
    {
        if (!ImageKey.TryRead(key, out var image) || image.OwnerId != user.Id || await PictureRow.FindAsync(db, image, ct) is not { } picture)
        {
            return Problems.NotFound();
        }

        if (picture.IsReady)
        {
            return TypedResults.Ok(picture.Stored());
        }

        var (stored, problem) = await intake.FromStoreAsync(picture, ct);
        return stored is not null ? TypedResults.Ok(stored) : problem!;
    }
}
