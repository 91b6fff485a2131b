using Eco2.Contracts.Auth;
using Eco2.Edge;
using Eco2.Edge.Callers;
using Eco2.Edge.Policies;
using Microsoft.AspNetCore.Http.Features;

namespace Eco2.Auth.Edge;

/// <summary>The decision of the gateway for a mesh that takes its place: Envoy's HTTP contract for external authorization. The request to be decided comes without
/// its body, its path behind <c>/ext-authz</c>. 200 lets it pass, with the headers to set on it and the names of those to remove; everything else is
/// the answer for the client.</summary>
internal sealed class ExtAuthz
{
    private const string Prefix = "/ext-authz";
    private const string Remove = "x-envoy-auth-headers-to-remove";
    private static readonly string[] Identity = [IdentityHeaders.UserId, IdentityHeaders.SessionId, IdentityHeaders.Provider, IdentityHeaders.Roles, IdentityHeaders.Scopes];

    // What an app behind the mesh must not see, and what only its sidecar may say.
    private static readonly string[] Inside = ["X-API-Key", "dapr-api-token", "dapr-app-id", "dapr-caller-app-id", "dapr-caller-namespace"];
    private static readonly string[] Secrets = ["Cookie", "Authorization"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapEdge();
        routes.Map(Prefix + "/{**path}", Handle).ExcludeFromDescription();
    }

    private static async Task<IResult> Handle(HttpContext http, Gate gate, ClientAddress addresses, AuthSync sync, CancellationToken ct)
    {
        sync.Begin();
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        // Routing let it in by this prefix, in whatever spelling: an odd one leaves a path that is not plain.
        var entry = await gate.DecideAsync(http, target.StartsWith(Prefix, StringComparison.Ordinal) ? target[Prefix.Length..] : "", ct);
        if (entry.Refusal is not null)
        {
            return entry.Refusal;
        }

        Allow(http.Response.Headers, entry.Policy!, entry.Caller);
        if (addresses.Of(http) is { } address)
        {
            http.Response.Headers[ClientAddress.Header] = address.ToString();
        }

        return TypedResults.Ok();
    }

    private static void Allow(IHeaderDictionary headers, Policy policy, Caller? caller)
    {
        headers.CacheControl = "no-store";
        if (caller is not null)
        {
            headers[IdentityHeaders.UserId] = caller.UserId.ToString("D");
            headers[IdentityHeaders.Provider] = caller.Provider;
            headers[IdentityHeaders.Roles] = caller.Roles;
            if (caller.SessionId is { } session)
            {
                headers[IdentityHeaders.SessionId] = session.ToString("D");
            }

            if (caller.Scopes is not null)
            {
                headers[IdentityHeaders.Scopes] = caller.Scopes;
            }
        }

        // Copies from outside go, also where we say nothing.
        var remove = Identity.Where(name => !headers.ContainsKey(name)).Concat(Inside);
        headers[Remove] = string.Join(',', policy.KeepsCredentials ? remove : remove.Concat(Secrets));
    }
}
