using System.Globalization;
using Eco2.Edge.Callers;
using Eco2.Edge.Limits;
using Eco2.Edge.Policies;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Edge;

/// <summary>Decides who a request comes from and whether it may pass. 1 a path in plain form and the row of its route, 2 no cookie from pages of others, 3 who it is, 4 role or scope,
/// 5 how many there were already. Whoever cannot be named is counted by address, so that guessing is bounded too.</summary>
internal sealed class Gate(Credentials credentials, Origins origins, ClientAddress addresses, Limiter limiter, LimitBook book)
{
    /// <summary>Either a refusal, or the row and the caller (null: nobody, where the route allows that).</summary>
    internal readonly record struct Entry(Policy? Policy, Caller? Caller, ProblemHttpResult? Refusal);

    /// <param name="http">The request; its method, headers and address count. What is left of the nearest limit is written to its answer.</param>
    /// <param name="target">Path and query as the client wrote them.</param>
    /// <param name="ct">The client left.</param>
    public async ValueTask<Entry> DecideAsync(HttpContext http, string target, CancellationToken ct)
    {
        var request = http.Request;
        if (!PlainPath.IsPlain(target))
        {
            return new Entry(null, null, Problems.InvalidPath());
        }

        if (HttpMethods.IsTrace(request.Method) || HttpMethods.IsConnect(request.Method))
        {
            return new Entry(null, null, Problems.MethodNotAllowed());
        }

        var path = target.Split('?', 2)[0];
        if (PolicyTable.Find(request.Method, path) is not { } policy)
        {
            return new Entry(null, null, PolicyTable.Knows(path) ? Problems.MethodNotAllowed() : Problems.NotFound());
        }

        var credential = Credential.Of(request);
        // Cookies are sent by the browser whoever asked it to; the refresh cookie opens auth's routes too.
        if ((credential.Kind == CredentialKind.Cookie || (policy.KeepsCredentials && request.Cookies.ContainsKey(Credential.RefreshCookie)))
            && !IsSafe(request.Method) && !origins.IsFromOurPages(request))
        {
            return new Entry(policy, null, Problems.CrossSite());
        }

        if (credential.Kind == CredentialKind.Key && policy.Scope is null && policy.Who != Who.Anyone)
        {
            return new Entry(policy, null, await CountedAsync(http, policy, null, ct) ?? Problems.ScopeMissing(null));
        }

        var (refusal, caller) = await NameAsync(http, policy, credential, ct);
        return new Entry(policy, caller, await CountedAsync(http, policy, caller, ct) ?? refusal);
    }

    private async ValueTask<(ProblemHttpResult? Refusal, Caller? Caller)> NameAsync(HttpContext http, Policy policy, Credential credential, CancellationToken ct)
    {
        if (credential.Kind == CredentialKind.None)
        {
            return (policy.Who == Who.Anyone ? null : Problems.Unauthorized(), null);
        }

        // A key stands for its owner where a scope says what it may do, and nowhere else.
        if (credential.Kind == CredentialKind.Key && policy.Scope is null)
        {
            return (null, null);
        }

        if (credential.Kind == CredentialKind.Key && !credentials.Knows(credential) && await SpendAsync(http, AddressOf(http), [new Charge(book[Policies.Policies.KeyChecks].Name, book[Policies.Policies.KeyChecks])], ct) is { } tooMany)
        {
            return (tooMany, null);
        }

        var (verdict, caller) = await credentials.VerifyAsync(credential, ct);
        if (policy.Who == Who.Anyone)
        {
            // Whoever refreshes or signs in may carry an old token.
            return (null, caller);
        }

        return (verdict switch
        {
            Verdict.Valid => IsLetIn(caller!, policy),
            Verdict.Expired => credential.Kind == CredentialKind.Key ? Problems.InvalidKey() : Problems.TokenExpired(),
            Verdict.Revoked => credential.Kind == CredentialKind.Key ? Problems.InvalidKey() : Problems.TokenRevoked(),
            Verdict.Unknown => Problems.Away(),
            _ => credential.Kind == CredentialKind.Key ? Problems.InvalidKey() : Problems.InvalidToken(),
        }, caller);
    }

    private static ProblemHttpResult? IsLetIn(Caller caller, Policy policy)
    {
        var hasRole = policy.Who switch
        {
            Who.Admin => caller.Has("admin") || caller.Has("owner"),
            Who.Owner => caller.Has("owner"),
            _ => true,
        };
        // auth says so in a token of somebody who has the role and has not shown a second factor.
        return !hasRole && (caller.Has("admin:second-factor") || caller.Has("owner:second-factor")) ? Problems.SecondFactorRequired()
            : !hasRole ? Problems.Forbidden()
            : caller.KeyId is not null && !caller.May(policy.Scope!) ? Problems.ScopeMissing(policy.Scope)
            : null;
    }

    /// <summary>Counts the request, whether or not it passes otherwise.</summary>
    private async ValueTask<ProblemHttpResult?> CountedAsync(HttpContext http, Policy policy, Caller? caller, CancellationToken ct)
    {
        var own = policy.Limits is { } named && (caller is not null || named[0].Per == Per.Address) ? policy.Limits : null;
        var limits = own ?? [Policies.Policies.Usual(caller is not null, http.Request.Method)];
        var charges = new Charge[limits.Count + (caller?.KeyId is null ? 0 : 1)];
        for (var i = 0; i < limits.Count; i++)
        {
            charges[i] = new Charge(book[limits[i]].Name, book[limits[i]]);
        }

        if (caller?.KeyId is { } key)
        {
            var window = book[Policies.Policies.Key];
            charges[^1] = new Charge($"{window.Name}:{key:N}", window);
        }

        return await SpendAsync(http, limits[0].Per == Per.User ? "u:" + caller!.UserId.ToString("N") : AddressOf(http), charges, ct);
    }

    private async ValueTask<ProblemHttpResult?> SpendAsync(HttpContext http, string subject, Charge[] charges, CancellationToken ct)
    {
        var spent = await limiter.SpendAsync(subject, charges, ct);
        if (spent.Outcome == Outcome.Uncounted)
        {
            return Problems.Away();
        }

        var headers = http.Response.Headers;
        headers["RateLimit-Limit"] = spent.Limit.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = spent.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = spent.Reset.ToString(CultureInfo.InvariantCulture);
        return spent.Outcome == Outcome.Refused ? Problems.RateLimited(spent.Reset) : null;
    }

    private string AddressOf(HttpContext http) => "a:" + ClientAddress.Group(addresses.Of(http));

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
