using Eco2.Contracts.Auth;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth.Sessions;

/// <summary>What manages an account is for somebody who signed in, never for a key: a key that leaks must not make another or end sessions.
/// The edge lets keys through to none of these routes; this holds without it.</summary>
internal static class BySession
{
    public static ProblemHttpResult? Refuse(HttpContext http) =>
        http.Request.Headers.ContainsKey(IdentityHeaders.Scopes) ? Problems.SessionRequired() : null;
}
