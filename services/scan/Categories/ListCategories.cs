using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Eco2.Scan.Categories;

/// <summary>The whole taxonomy: majors, middles, items, tags.</summary>
internal sealed class ListCategories
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/categories", Handle).WithName(nameof(ListCategories))
        .Produces<System.Text.Json.JsonElement>(StatusCodes.Status200OK, "application/json").Produces(StatusCodes.Status304NotModified);

    internal static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(TaxonomyCache cache, CancellationToken ct) =>
        await cache.ReadAsync(ct) is { } taxonomy
            ? TypedResults.Bytes(taxonomy.Json, "application/json", entityTag: EntityTagHeaderValue.Parse(taxonomy.Version.ToString()))
            : Problems.Away("The categories cannot be read now.");
}
