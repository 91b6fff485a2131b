using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Character.Catalog;

/// <summary>All characters, so that no client needs a list of its own.</summary>
internal sealed class GetCatalog
{
    public sealed record Item(
        string Code,
        string Name,
        string Type,
        string Dialog,
        string? Match,
        string? MatchCode,
        string Asset,
        string ImageUrl,
        IReadOnlyList<string> Nicknames,
        bool IsDefault);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/catalog", Handle).Produces(StatusCodes.Status304NotModified);

    private static Results<Ok<List<Item>>, StatusCodeHttpResult> Handle(CharacterCatalog catalog, HttpContext http)
    {
        http.Response.Headers.ETag = catalog.ETag;
        http.Response.Headers.CacheControl = "public, max-age=300";
        var known = http.Request.Headers.IfNoneMatch.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries));
        return known.Any(tag => tag == "*" || tag == catalog.ETag || tag == $"W/{catalog.ETag}")
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(catalog.Entries
                .Select(e => new Item(e.Code, e.Name, e.Type, e.Dialog, e.Match, e.MatchCode, e.Asset, catalog.ImageUrl(e), e.Nicknames, e.IsDefault))
                .ToList());
    }
}
