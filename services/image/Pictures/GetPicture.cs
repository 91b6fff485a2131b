using Eco2.Contracts.Image;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Image.Pictures;

/// <summary>A picture or its thumbnail, to its owner.</summary>
internal sealed class GetPicture
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/{channel}/{owner:guid}/{id:guid}", Original).Produces(StatusCodes.Status304NotModified);
        routes.MapGet("/{channel}/{owner:guid}/{id:guid}/thumbnail", Thumbnail).Produces(StatusCodes.Status304NotModified);
    }

    private static Task<Results<FileContentHttpResult, StatusCodeHttpResult, ProblemHttpResult>> Original(
        string channel, Guid owner, Guid id, CurrentUser user, HttpContext http, NpgsqlDataSource db, ObjectStore objects, CancellationToken ct) =>
        AnswerAsync(new ImageKey(channel, owner, id), thumbnail: false, user, http, db, objects, ct);

    private static Task<Results<FileContentHttpResult, StatusCodeHttpResult, ProblemHttpResult>> Thumbnail(
        string channel, Guid owner, Guid id, CurrentUser user, HttpContext http, NpgsqlDataSource db, ObjectStore objects, CancellationToken ct) =>
        AnswerAsync(new ImageKey(channel, owner, id), thumbnail: true, user, http, db, objects, ct);

    private static async Task<Results<FileContentHttpResult, StatusCodeHttpResult, ProblemHttpResult>> AnswerAsync(
        ImageKey key, bool thumbnail, CurrentUser user, HttpContext http, NpgsqlDataSource db, ObjectStore objects, CancellationToken ct)
    {
        // Somebody else's picture is not there.
        if (key.OwnerId != user.Id || await PictureRow.FindAsync(db, key, ct) is not { IsReady: true } picture)
        {
            return Problems.NotFound();
        }

        var tag = $"\"{picture.Sha256}{(thumbnail ? "-t" : "")}\"";
        http.Response.Headers.CacheControl = "private, max-age=86400";
        http.Response.Headers.ETag = tag;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; sandbox";
        if (http.Request.Headers.IfNoneMatch == tag)
        {
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        var name = thumbnail ? ImageObjects.Thumbnail(key.ToString()) : ImageObjects.Original(key.ToString());
        return await objects.GetAsync(name, ct) is { } bytes
            ? TypedResults.Bytes(bytes, thumbnail ? "image/webp" : picture.ContentType!)
            : Problems.NotFound();
    }
}
