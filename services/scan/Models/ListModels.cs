using Eco2.Contracts.Scan;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Scan.Models;

/// <summary>Which models may be chosen, and which one answers when none is.</summary>
internal sealed class ListModels
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/models", Handle).WithName(nameof(ListModels));

    internal static Ok<ScanModels> Handle(OfferedModels models) => TypedResults.Ok(new ScanModels(models.Names, models.Default));
}
