using System.Collections.Frozen;
using System.Security.Cryptography;
using Eco2.Character.Catalog;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Eco2.Character.Pictures;

/// <summary>The picture of a character, for anybody. All are in the assembly: a name is looked up and never becomes a path. A character
/// without a picture stops the start.</summary>
internal sealed class GetPicture(CharacterCatalog catalog)
{
    private readonly FrozenDictionary<string, Picture> pictures = catalog.Entries.ToFrozenDictionary(e => e.Asset, e => Read(e.Asset), StringComparer.Ordinal);

    private sealed record Picture(byte[] Bytes, EntityTagHeaderValue Tag);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods("/assets/character/{asset}.png", [HttpMethods.Get, HttpMethods.Head], (string asset, GetPicture get, HttpContext http) => get.Handle(asset, http))
            .WithName("GetCharacterPicture").WithSummary("The picture of a character.");

    private Results<FileContentHttpResult, ProblemHttpResult> Handle(string asset, HttpContext http)
    {
        if (!pictures.TryGetValue(asset, out var picture))
        {
            return Problems.NotFound();
        }

        http.Response.Headers.CacheControl = "public, max-age=86400";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return TypedResults.Bytes(picture.Bytes, "image/png", entityTag: picture.Tag);
    }

    private static Picture Read(string asset)
    {
        using var stream = typeof(GetPicture).Assembly.GetManifestResourceStream($"{asset}.png")
            ?? throw new InvalidOperationException($"characters.json: {asset}.png is not in the assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new Picture(bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\""));
    }
}
