using System.Reflection;
using Eco2.ServiceDefaults;

namespace Eco2.My.DeadLetters;

/// <summary>A caller with the role admin; as a parameter of an endpoint it answers 403 to everybody else. The gateway asks for the role too.</summary>
internal sealed record Admin(Guid Id)
{
    public static async ValueTask<Admin> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        var user = await CurrentUser.BindAsync(context, parameter);
        return user.Roles.Contains("admin", StringComparer.Ordinal) ? new Admin(user.Id) : throw new ProblemException(Problems.Forbidden());
    }
}
