namespace Eco2.Edge.Callers;

/// <summary>Whom a verified token or key speaks for.</summary>
/// <param name="UserId">The account.</param>
/// <param name="SessionId">Null where there is none: API keys and tokens of other issuers.</param>
/// <param name="Provider">How the user signed in.</param>
/// <param name="Roles">Comma list.</param>
/// <param name="KeyId">The API key; null: a person is there, who may do all that the roles allow.</param>
/// <param name="Scopes">All that the key may do, separated by blanks.</param>
internal sealed record Caller(Guid UserId, Guid? SessionId, string Provider, string Roles, Guid? KeyId = null, string? Scopes = null)
{
    public bool Has(string role) => Contains(Roles, ',', role);

    public bool May(string scope) => KeyId is null || Contains(Scopes ?? "", ' ', scope);

    /// <summary>A list of names that has no room for a second header or a second list.</summary>
    public static string List(char separator, IEnumerable<string?>? names) => string.Join(separator, (names ?? []).Where(IsName));

    public static bool IsName(string? name) => name is { Length: > 0 and <= 64 } && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or ':' or '.');

    private static bool Contains(ReadOnlySpan<char> list, char separator, string name)
    {
        foreach (var part in list.Split(separator))
        {
            if (list[part].SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What became of a credential.</summary>
internal enum Verdict
{
    Valid,
    Invalid,
    Expired,
    Revoked,

    /// <summary>auth (or the issuer) has not been heard yet: nothing can be said about any token.</summary>
    Unknown,
}
