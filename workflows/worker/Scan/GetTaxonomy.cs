using System.Text.Json;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Eco2.Worker.Scan;

/// <summary>The whole taxonomy for the apps that show it. Its version is the entity tag.</summary>
internal sealed class GetTaxonomy
{
    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/taxonomy", Handle);

    internal static FileContentHttpResult Handle(KnowledgeBase knowledge, WireJson json)
    {
        var taxonomy = knowledge.Taxonomy;
        var document = new TaxonomyDocument(
            taxonomy.Version,
            [
                .. taxonomy.Majors.Select(major => new TaxonomyMajor(
                    major.Code,
                    major.Ko,
                    major.En,
                    major.Rewardable,
                    [.. taxonomy.Middles.Where(middle => middle.MajorCode == major.Code).Select(middle => Middle(taxonomy, middle))])),
            ],
            [.. knowledge.Tags.All.Select(tag => new TaxonomyTag(tag.Code, tag.Ko, tag.En))]);
        return TypedResults.Bytes(
            JsonSerializer.SerializeToUtf8Bytes(document, json.Options),
            "application/json",
            entityTag: new EntityTagHeaderValue($"\"{taxonomy.Version}\""));
    }

    private static TaxonomyMiddle Middle(Taxonomy taxonomy, Middle middle) => new(
        middle.Code,
        middle.Ko,
        middle.En,
        [.. taxonomy.ItemsOf(middle.Code).Select(item => new TaxonomyItem(item.Code, item.Ko, item.En, item.Aliases))]);
}
