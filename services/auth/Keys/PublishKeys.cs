using System.Buffers.Text;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Keys;

/// <summary>The public halves of the signing keys, RFC 7517.</summary>
internal sealed class PublishKeys
{
    public sealed record KeySet(IReadOnlyList<PublicKey> Keys);

    public sealed record PublicKey(string Kid, string Kty, string Crv, string Use, string Alg, string X, string Y);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/jwks.json", Handle);
        routes.MapGet("/api/v1/auth/.well-known/jwks.json", Handle);
    }

    private static async Task<Ok<KeySet>> Handle(KeyRing ring, IOptions<AuthOptions> options, HttpContext http, CancellationToken ct)
    {
        var keys = await ring.AllAsync(ct);
        http.Response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"public, max-age={(int)options.Value.KeyRefresh.TotalSeconds}");
        return TypedResults.Ok(new KeySet([.. keys.Select(Public)]));
    }

    private static PublicKey Public(KeyRing.Key key)
    {
        var point = key.Pair.ExportParameters(includePrivateParameters: false).Q;
        return new PublicKey(key.Id, "EC", "P-256", "sig", "ES256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
    }
}
