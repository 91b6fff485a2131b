using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Accounts;

/// <summary>Accounts that the setting makes admins. The role is in no table: whoever is taken off the list loses it with the next token.
/// It opens nothing before the address is verified and the session has shown a second factor; until then its name says what it waits for.</summary>
internal sealed class Admins
{
    /// <summary>Behind the name of a role that waits: <c>admin:second-factor</c>.</summary>
    public const string Waiting = ":second-factor";

    private static readonly string[] Privileged = ["admin", "owner"];

    private readonly FrozenSet<string> addresses;

    // An empty text is a variable that nobody has filled in yet.
    public Admins(IOptions<AuthOptions> options) => addresses = options.Value.Admins.Where(text => text != "")
        .Select(text => EmailAddress.TryNormalise(text, out var email) ? email : throw new InvalidOperationException($"Auth:Admins holds \"{text}\", which is not an e-mail address."))
        .ToFrozenSet(StringComparer.Ordinal);

    /// <param name="email">Of the account; null if it has none.</param>
    /// <param name="roles">What its row says.</param>
    /// <param name="proven">The address is verified, the second factor is on, and this session has shown it.</param>
    public IReadOnlyList<string> RolesOf(string? email, IReadOnlyList<string> roles, bool proven = false)
    {
        var all = email is not null && addresses.Contains(email) && !roles.Contains("admin", StringComparer.Ordinal) ? [.. roles, "admin"] : roles;
        return proven ? all : [.. all.Select(role => Privileged.Contains(role, StringComparer.Ordinal) ? role + Waiting : role)];
    }
}
