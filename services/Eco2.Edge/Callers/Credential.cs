namespace Eco2.Edge.Callers;

internal enum CredentialKind
{
    None,
    Bearer,
    Cookie,
    Key,
}

/// <summary>What a request shows to say whom it speaks for.</summary>
internal readonly record struct Credential(CredentialKind Kind, string Text)
{
    public const string RefreshCookie = "s_refresh";
    public const string KeyHeader = "X-API-Key";
    private const string AccessCookie = "s_access";

    /// <summary>Two credentials, or one of another kind, are a bad one rather than a guess. A header goes before a cookie, which the browser adds unasked.</summary>
    public static Credential Of(HttpRequest request)
    {
        var authorization = request.Headers.Authorization;
        var key = request.Headers[KeyHeader];
        if (authorization.Count + key.Count > 1)
        {
            return new Credential(CredentialKind.Bearer, "");
        }

        if (key.Count > 0)
        {
            return new Credential(CredentialKind.Key, key[0] ?? "");
        }

        if (authorization.Count > 0)
        {
            const string Bearer = "Bearer ";
            var text = authorization[0] is { } one && one.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? one[Bearer.Length..].Trim() : "";
            return new Credential(text.StartsWith(ApiKeys.Prefix, StringComparison.Ordinal) ? CredentialKind.Key : CredentialKind.Bearer, text);
        }

        return request.Cookies.TryGetValue(AccessCookie, out var cookie) && cookie.Length > 0 ? new Credential(CredentialKind.Cookie, cookie) : default;
    }
}

/// <summary>Finds out who somebody is by what they show.</summary>
internal sealed class Credentials(TokenVerifier own, TrustedIssuers issuers, ApiKeys keys)
{
    /// <summary>True where nobody has to be asked about this key.</summary>
    public bool Knows(Credential key) => !ApiKeys.CanBe(key.Text) || keys.Knows(key.Text);

    public async ValueTask<(Verdict Verdict, Caller? Caller)> VerifyAsync(Credential credential, CancellationToken ct)
    {
        if (credential.Kind == CredentialKind.Key)
        {
            return ApiKeys.CanBe(credential.Text) ? await keys.VerifyAsync(credential.Text, ct) : (Verdict.Invalid, null);
        }

        if (own.Remembers(credential.Text))
        {
            return await own.VerifyAsync(credential.Text, null, ct);
        }

        using var token = JsonWebToken.Read(credential.Text);
        // The issuer only says whose keys to try; a cookie is always our own.
        return token is not null && credential.Kind == CredentialKind.Bearer && issuers.Names(token)
            ? await issuers.VerifyAsync(token, ct)
            : await own.VerifyAsync(credential.Text, token, ct);
    }
}
