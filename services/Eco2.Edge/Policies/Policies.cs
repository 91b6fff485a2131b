using Eco2.Contracts.Auth;
using Eco2.Edge.Limits;

namespace Eco2.Edge.Policies;

/// <summary>Who may do what, how often, and with how large a body: every route of the API, from the special to the general within an area. The first row
/// that fits decides. What is not here is not there, above all nothing internal.</summary>
internal static class Policies
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // A scan costs money: without the count there is none. The store of jobs is then most likely away too.
    public static readonly Limit Generation = new("generation", Per.User, 10, Minute, WhenAway.Refuse);
    public static readonly Limit Scans = new("scans", Per.User, 100, Day, WhenAway.Refuse);

    // An archive of everything is work for every app.
    public static readonly Limit Exports = new("exports", Per.User, 10, Day, WhenAway.Refuse);
    public static readonly Limit Reads = new("reads", Per.User, 300, Minute);
    public static readonly Limit Writes = new("writes", Per.User, 120, Minute);

    /// <summary>Of one API key, beside the limits of its user.</summary>
    public static readonly Limit Key = new("key", Per.User, 300, Minute);

    // auth bounds guessing per account by itself, so nobody is locked out for want of the count per address.
    public static readonly Limit Login = new("login", Per.Address, 20, Minute);
    public static readonly Limit Anonymous = new("anonymous", Per.Address, 100, Minute);

    // A page shows all characters at once.
    public static readonly Limit Pictures = new("pictures", Per.Address, 600, Minute);

    /// <summary>API keys that this replica has not seen lately: each is asked of auth.</summary>
    public static readonly Limit KeyChecks = new("key-checks", Per.Address, 120, Minute);

    public static readonly IReadOnlyList<Limit> Limits = [Generation, Scans, Exports, Reads, Writes, Key, Login, Anonymous, Pictures, KeyChecks];

    private static readonly Limit[] Guess = [Login];
    private static readonly TimeSpan Upload = TimeSpan.FromMinutes(2);

    public static readonly IReadOnlyList<Policy> All =
    [
        new("POST", "/api/v1/auth/sign-up", "auth", Who.Anyone) { Limits = Guess, KeepsCredentials = true },
        new("POST", "/api/v1/auth/sign-in", "auth", Who.Anyone) { Limits = Guess, KeepsCredentials = true },
        new("POST", "/api/v1/auth/second-factor", "auth", Who.Anyone) { Limits = Guess, KeepsCredentials = true },
        new("POST", "/api/v1/auth/email/verify", "auth", Who.Anyone) { Limits = Guess, KeepsCredentials = true },
        new("POST", "/api/v1/auth/password/{step}", "auth", Who.Anyone) { Limits = Guess, KeepsCredentials = true },
        new("*", "/api/v1/auth/password", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/account/**", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/totp/**", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/sessions/**", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/keys/**", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/signing-keys/**", "auth", Who.Admin) { KeepsCredentials = true },
        new("*", "/api/v1/auth/email/verification", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/{provider}/link", "auth") { KeepsCredentials = true },
        new("*", "/api/v1/auth/**", "auth", Who.Anyone) { KeepsCredentials = true },
        new("GET", "/.well-known/jwks.json", "auth", Who.Anyone),
        new("GET", "/api/v1/audit/**", "auth", Who.Admin),

        // The address itself is the permission: it is signed, names its owner and ends soon.
        new("*", "/api/v1/images/uploads/**", "image", Who.Anyone) { MaxBodyBytes = Policy.Picture, BodyWithin = Upload, AnswersWithin = Upload },
        new("GET", "/api/v1/images/**", "image", Scope: ApiScopes.ScanRead),
        new("*", "/api/v1/images/**", "image", Scope: ApiScopes.ScanWrite) { MaxBodyBytes = Policy.Picture, BodyWithin = Upload, AnswersWithin = Upload },

        new("POST", "/api/v1/scan", "scan", Scope: ApiScopes.ScanWrite) { Limits = [Generation, Scans] },
        new("GET", "/api/v1/scan/{id}/events", "sse-gateway", Scope: ApiScopes.ScanRead),
        new("GET", "/api/v1/scan/**", "scan", Scope: ApiScopes.ScanRead),
        new("*", "/api/v1/scan/**", "scan", Scope: ApiScopes.ScanWrite),
        new("GET", "/api/v1/jobs/**", "sse-gateway", Scope: ApiScopes.ScanRead),
        new("*", "/api/v1/jobs/**", "sse-gateway", Scope: ApiScopes.ScanWrite),

        // An img tag shows no token.
        new("GET", "/assets/character/**", "character", Who.Anyone) { Limits = [Pictures] },
        new("GET", "/api/v1/character/**", "character", Scope: ApiScopes.ProfileRead),
        new("*", "/api/v1/character/**", "character"),

        // The receipt is the secret: its account is gone.
        new("GET", "/api/v1/users/deletions/{receipt}", "my", Who.Anyone),
        new("POST", "/api/v1/users/me/exports", "my") { Limits = [Exports] },
        new("GET", "/api/v1/users/me/exports/{id}/archive", "my") { AnswersWithin = Upload },
        new("GET", "/api/v1/users/me/exports/**", "my"),
        new("GET", "/api/v1/users/me/settings", "my"),
        new("GET", "/api/v1/users/**", "my", Scope: ApiScopes.ProfileRead),
        new("*", "/api/v1/users/**", "my"),
        new("*", "/api/v1/dead-letters/**", "my", Who.Admin),

        // The gateway's own; a mesh asks for them too.
        new("GET", "/openapi.json", "gateway", Who.Anyone),
        new("GET", "/problems/**", "gateway", Who.Anyone),
    ];

    /// <summary>What is counted where the row names nothing.</summary>
    public static Limit Usual(bool known, string method) => !known ? Anonymous : HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? Reads : Writes;
}
