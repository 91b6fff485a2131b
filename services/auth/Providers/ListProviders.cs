using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth.Providers;

/// <summary>What the page offers beside e-mail and password.</summary>
internal sealed class ListProviders
{
    public sealed record Offered(string Provider, string Name);

    public sealed record Answer(IReadOnlyList<Offered> Providers);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/providers", Handle).WithName("ListProviders").WithSummary("The providers that people can sign in with.");

    private static Ok<Answer> Handle(ConfiguredProviders providers) =>
        TypedResults.Ok(new Answer([.. providers.All.Select(p => new Offered(p.Id, p.Settings.Name!))]));
}
