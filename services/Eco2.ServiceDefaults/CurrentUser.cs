using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Eco2.ServiceDefaults;

/// <summary>The caller, as the gateway verified it. As a parameter of an endpoint it answers 401 when there is none.</summary>
/// <param name="Id">The user.</param>
/// <param name="SessionId">The session, absent in calls from app to app.</param>
/// <param name="Provider">How the user signed in.</param>
/// <param name="Roles">Roles, possibly none.</param>
public sealed record CurrentUser(Guid Id, Guid? SessionId, string? Provider, IReadOnlyList<string> Roles)
{
    /// <summary>Headers with the identity; the same names as in the contracts.</summary>
    public const string UserIdHeader = "X-User-Id";

    /// <summary>The session.</summary>
    public const string SessionIdHeader = "X-Session-Id";

    /// <summary>The provider.</summary>
    public const string ProviderHeader = "X-Auth-Provider";

    /// <summary>A comma list of roles.</summary>
    public const string RolesHeader = "X-User-Roles";

    /// <summary>Called by the framework for a parameter of this type.</summary>
    public static ValueTask<CurrentUser> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var headers = context.Request.Headers;
        var service = context.RequestServices.GetRequiredService<ServiceIdentity>().Name;
        if (headers[UserIdHeader] is not [{ Length: > 0 } text])
        {
            throw Unauthorized(service, "MISSING_USER_ID", "Sign in first.");
        }

        if (!Guid.TryParseExact(text, "D", out var id))
        {
            throw Unauthorized(service, "INVALID_USER_ID_FORMAT", "The user id is not a UUID.");
        }

        var roles = headers[RolesHeader].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Guid? session = Guid.TryParseExact(headers[SessionIdHeader].ToString(), "D", out var sid) ? sid : null;
        var provider = headers[ProviderHeader].ToString();
        return ValueTask.FromResult(new CurrentUser(id, session, provider.Length == 0 ? null : provider, roles));
    }

    private static ProblemException Unauthorized(string service, string code, string title) =>
        new(ServiceDefaults.Problem.Details(service, code, StatusCodes.Status401Unauthorized, title));
}
