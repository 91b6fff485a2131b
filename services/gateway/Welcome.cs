using Eco2.Gateway.Forwarding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Gateway;

/// <summary>What is this, for somebody who opens the address.</summary>
internal sealed class Welcome
{
    public sealed record Answer(string Name, string About, string Api, string Keys, string Health, string Docs);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle);

    /// <summary>Beside a page at the same address.</summary>
    public static Task SendAsync(HttpContext http) => Handle(http).ExecuteAsync(http);

    private static Ok<Answer> Handle(HttpContext http)
    {
        Headers.Secure(http.Response);
        return TypedResults.Ok(new Answer(
            "Eco²",
            "A photo of waste in, how to put it out under Korean separate-collection rules as an answer.",
            "/api/v1",
            "/.well-known/jwks.json",
            "/healthz",
            "README.md and services/gateway/README.md in the repository"));
    }
}
