using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Accounts;

/// <summary>Accounts that the setting makes admins. The role is in no table: whoever is taken off the list loses it with the next token.</summary>
internal sealed class Admins
{
    private readonly FrozenSet<string> addresses;

    public Admins(IOptions<AuthOptions> options) => addresses = options.Value.Admins
        .Select(text => EmailAddress.TryNormalise(text, out var email) ? email : throw new InvalidOperationException($"Auth:Admins holds \"{text}\", which is not an e-mail address."))
        .ToFrozenSet(StringComparer.Ordinal);

    /// <param name="email">Of the account; null if it has none.</param>
    /// <param name="roles">What its row says.</param>
    public IReadOnlyList<string> RolesOf(string? email, IReadOnlyList<string> roles) =>
        email is not null && addresses.Contains(email) && !roles.Contains("admin", StringComparer.Ordinal) ? [.. roles, "admin"] : roles;
}
