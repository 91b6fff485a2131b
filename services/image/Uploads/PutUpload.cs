using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>Takes the announced picture at its signed address. Repeating it after success changes nothing.</summary>
internal sealed class PutUpload
{
    public sealed record Answer(string Key, string Etag);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/uploads/{token}", Handle).WithMetadata(Intake.AnySize);

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        string token, HttpContext http, NpgsqlDataSource db, UploadTokens tokens, Intake intake, TimeProvider clock, CancellationToken ct)
    {
        if (await tokens.VerifyAsync(token, ct) is not { } permission)
        {
            return Problems.UploadNotFound();
        }

        var user = http.Request.Headers[CurrentUser.UserIdHeader].ToString();
        if (user.Length > 0 && user != permission.Key.OwnerId.ToString("D"))
        {
            return Problems.UploaderMismatch();
        }

        if (await PictureRow.FindAsync(db, permission.Key, ct) is not { } picture)
        {
            return Problems.UploadNotFound();
        }

        if (picture.IsReady)
        {
            return Done(http, permission.Key, picture.Sha256!);
        }

        if (!picture.IsOpen(clock.GetUtcNow()) || permission.ExpiresAt <= clock.GetUtcNow())
        {
            return Problems.UploadNotFound();
        }

        if (Intake.MediaType(http.Request) != permission.ContentType)
        {
            return Problems.UnsupportedMedia($"This address takes {permission.ContentType}.");
        }

        if (http.Request.ContentLength is { } length && length != permission.Bytes)
        {
            return Problems.LengthMismatch();
        }

        var (stored, problem) = await intake.TakeAsync(picture, http.Request.Body, ct);
        return stored is null ? problem! : Done(http, permission.Key, stored.Sha256);
    }

    private static Ok<Answer> Done(HttpContext http, ImageKey key, string sha256)
    {
        http.Response.Headers.ETag = $"\"{sha256}\"";
        return TypedResults.Ok(new Answer(key.ToString(), sha256));
    }
}
