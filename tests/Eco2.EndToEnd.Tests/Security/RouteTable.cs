namespace Eco2.EndToEnd.Tests.Security;

/// <summary>What a stranger should get from a route.</summary>
public enum Meant
{
    /// <summary>Whoever comes, signed in or not.</summary>
    Anyone,

    /// <summary>It names nothing: everybody sees their own, or what is the same for all.</summary>
    Own,

    /// <summary>It names something that has an owner.</summary>
    Owned,

    /// <summary>Admins only.</summary>
    Admin,
}

/// <summary>One route, and whom it is for.</summary>
/// <param name="Name">Method and path as in the document.</param>
/// <param name="Meant">Whom it is for.</param>
/// <param name="Body">What is sent; the names in braces are put in here too.</param>
public sealed record Route(string Name, Meant Meant, string? Body = null)
{
    public string Method => Name.Split(' ')[0];

    public string Path => Name.Split(' ')[1];

    /// <summary>Written down by hand, beside the document: a route that is in the document and not here fails the test, so that somebody thinks about it.</summary>
    public static IReadOnlyList<Route> All { get; } =
    [
        new("GET /.well-known/jwks.json", Meant.Anyone),
        new("GET /api/v1/auth/.well-known/jwks.json", Meant.Anyone),
        new("GET /openapi.json", Meant.Anyone),
        new("GET /problems", Meant.Anyone),
        new("GET /problems/{problem}", Meant.Anyone),
        new("GET /problems/{type}", Meant.Anyone),
        new("POST /api/v1/auth/sign-up", Meant.Anyone),
        new("POST /api/v1/auth/sign-in", Meant.Anyone),
        new("POST /api/v1/auth/second-factor", Meant.Anyone),
        new("POST /api/v1/auth/email/verify", Meant.Anyone),
        new("POST /api/v1/auth/password/forgot", Meant.Anyone),
        new("POST /api/v1/auth/password/reset", Meant.Anyone),
        new("POST /api/v1/auth/refresh", Meant.Anyone),
        new("POST /api/v1/auth/logout", Meant.Anyone),
        // Whoever shows a refresh token: what it names ends.
        new("POST /api/v1/auth/logout-all", Meant.Anyone),
        new("GET /api/v1/auth/providers", Meant.Anyone),
        new("GET /api/v1/auth/{provider}/login", Meant.Anyone),
        new("GET /api/v1/auth/{provider}/authorize", Meant.Anyone),
        new("GET /api/v1/auth/{provider}/callback", Meant.Anyone),
        new("GET /assets/character/{asset}.png", Meant.Anyone),
        new("HEAD /assets/character/{asset}.png", Meant.Anyone),
        // The token in the address is signed and names its owner; the receipt of a deletion is a secret.
        new("PUT /api/v1/images/uploads/{token}", Meant.Anyone),
        new("GET /api/v1/users/deletions/{receipt}", Meant.Anyone),

        new("GET /api/v1/auth/account", Meant.Own),
        new("POST /api/v1/auth/email/verification", Meant.Own),
        new("PUT /api/v1/auth/password", Meant.Own),
        new("POST /api/v1/auth/totp", Meant.Own),
        new("DELETE /api/v1/auth/totp", Meant.Own),
        new("POST /api/v1/auth/totp/confirm", Meant.Own),
        new("POST /api/v1/auth/totp/backup-codes", Meant.Own),
        new("GET /api/v1/auth/sessions", Meant.Own),
        new("GET /api/v1/auth/keys", Meant.Own),
        new("POST /api/v1/auth/keys", Meant.Own),
        new("POST /api/v1/auth/{provider}/link", Meant.Own),
        new("DELETE /api/v1/auth/{provider}/link", Meant.Own),
        new("GET /api/v1/character/catalog", Meant.Own),
        new("POST /api/v1/images/{channel}", Meant.Own),
        new("PUT /api/v1/images/{channel}", Meant.Own),
        new("GET /api/v1/users/me", Meant.Own),
        new("PATCH /api/v1/users/me", Meant.Own),
        new("DELETE /api/v1/users/me", Meant.Own),
        new("GET /api/v1/users/me/settings", Meant.Own),
        new("PATCH /api/v1/users/me/settings", Meant.Own),
        new("POST /api/v1/users/me/exports", Meant.Own),
        new("GET /api/v1/users/me/characters", Meant.Own),
        new("GET /api/v1/users/me/characters/{codeOrName}/ownership", Meant.Own),
        new("GET /api/v1/users/me/stats", Meant.Own),
        new("GET /api/v1/scan", Meant.Own),
        new("GET /api/v1/scan/categories", Meant.Own),
        new("GET /api/v1/scan/models", Meant.Own),

        new("DELETE /api/v1/auth/sessions/{session}", Meant.Owned),
        new("DELETE /api/v1/auth/keys/{key}", Meant.Owned),
        new("GET /api/v1/images/scan/{owner}/{picture}", Meant.Owned),
        new("GET /api/v1/images/scan/{owner}/{picture}/thumbnail", Meant.Owned),
        new("POST /api/v1/images/scan/callback", Meant.Owned, """{"key":"scan/{owner}/{picture}"}"""),
        new("POST /api/v1/scan", Meant.Owned, """{"image_key":"scan/{owner}/{picture}"}"""),
        new("GET /api/v1/scan/{job}", Meant.Owned),
        new("GET /api/v1/scan/{job}/result", Meant.Owned),
        new("GET /api/v1/scan/{job}/events", Meant.Owned),
        new("DELETE /api/v1/scan/{job}", Meant.Owned),
        new("GET /api/v1/jobs/{job}", Meant.Owned),
        new("GET /api/v1/jobs/{job}/events", Meant.Owned),
        new("DELETE /api/v1/jobs/{job}", Meant.Owned),
        new("GET /api/v1/users/me/exports/{export}", Meant.Owned),
        new("GET /api/v1/users/me/exports/{export}/archive", Meant.Owned),

        new("GET /api/v1/audit", Meant.Admin),
        new("GET /api/v1/auth/signing-keys", Meant.Admin),
        new("POST /api/v1/auth/signing-keys", Meant.Admin),
        new("GET /api/v1/dead-letters", Meant.Admin),
        new("GET /api/v1/dead-letters/{letter}", Meant.Admin),
        new("DELETE /api/v1/dead-letters/{letter}", Meant.Admin),
        new("POST /api/v1/dead-letters/{letter}/replay", Meant.Admin),
        new("POST /api/v1/dead-letters/replay", Meant.Admin),
    ];

    /// <summary>The row of an operation: the same method and the same path but for the names in braces, and <c>scan</c> for a channel.</summary>
    public static Route? Of(Operation operation) => All.FirstOrDefault(route => route.Method == operation.Method && Shape(route.Path) == Shape(operation.Path));

    private static string Shape(string path) => string.Join('/', path.Split('/').Select((segment, n) =>
        segment.EndsWith(".png", StringComparison.Ordinal) ? "{}.png" : segment.StartsWith('{') || (n == 4 && segment == "scan") ? "{}" : segment));
}
