using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Eco2.Testing.StandIns;

/// <summary>An OpenID Connect provider on loopback that signs everybody in as <see cref="Person"/>. It checks what a client sends as real ones do
/// and keeps its complaints; a test can let it lie, fail, dawdle or boast.</summary>
public sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "client-of-tests";
    public const string ClientSecret = "secret: of + tests";

    private readonly ConcurrentDictionary<string, Dictionary<string, string>> codes = [];
    private readonly ConcurrentDictionary<string, byte> accessTokens = [];
    private WebApplication? app;

    /// <summary>Claims of whoever signs in.</summary>
    public JsonObject Person { get; set; } = new() { ["sub"] = "person-1", ["email"] = "person@example.com", ["email_verified"] = true, ["name"] = "사람" };

    /// <summary>What the user info says; by default the claims.</summary>
    public Func<JsonNode>? UserInfo { get; set; }

    /// <summary>Changes the claims, the header or the whole of the next ID tokens.</summary>
    public Action<JsonObject>? ChangeClaims { get; set; }

    public Action<JsonObject>? ChangeHeader { get; set; }

    public Func<string, string>? ChangeIdToken { get; set; }

    /// <summary>Changes the discovery document.</summary>
    public Action<JsonObject>? ChangeDiscovery { get; set; }

    /// <summary>Changes what the browser brings back.</summary>
    public Action<Dictionary<string, string?>>? ChangeAnswer { get; set; }

    /// <summary>Instead of the answer at this path.</summary>
    public ConcurrentDictionary<string, Func<HttpContext, Task>> Instead { get; } = [];

    /// <summary>False: no OpenID Connect, an access token for the user info is all there is.</summary>
    public bool SendsIdTokens { get; set; } = true;

    /// <summary>The redirect addresses it knows.</summary>
    public HashSet<string> Callbacks { get; } = ["https://eco2.example/api/v1/auth/local/callback"];

    /// <summary>What clients did wrong.</summary>
    public ConcurrentQueue<string> Complaints { get; } = [];

    /// <summary>Paths in the order of the requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The forms that came to the token endpoint.</summary>
    public ConcurrentQueue<Dictionary<string, string>> TokenRequests { get; } = [];

    /// <summary>Queries that came to the authorization endpoint.</summary>
    public ConcurrentQueue<Dictionary<string, string>> AuthorizationRequests { get; } = [];

    public string KeyId { get; set; } = "key-1";

    public ECDsa Key { get; set; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What it signs with when that is not what it publishes.</summary>
    public ECDsa? SignWith { get; set; }

    public string Issuer => app!.Urls.First();

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Use(async (http, next) =>
        {
            Requests.Enqueue(http.Request.Path);
            await (Instead.TryGetValue(http.Request.Path, out var other) ? other(http) : next(http));
        });
        app.MapGet("/.well-known/openid-configuration", () => Discovery());
        app.MapGet("/jwks", () => KeySet());
        app.MapGet("/authorize", Authorize);
        app.MapPost("/token", TokenAsync);
        app.MapGet("/userinfo", Info);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    public string Sign(JsonObject header, JsonObject claims)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString((SignWith ?? Key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    public static string Encode(JsonNode part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private IResult Discovery()
    {
        var said = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = Issuer + "/authorize",
            ["token_endpoint"] = Issuer + "/token",
            ["userinfo_endpoint"] = Issuer + "/userinfo",
            ["jwks_uri"] = Issuer + "/jwks",
        };
        ChangeDiscovery?.Invoke(said);
        return Results.Text(said.ToJsonString(), "application/json");
    }

    private IResult KeySet()
    {
        var point = Key.ExportParameters(false).Q;
        var key = new JsonObject
        {
            ["kid"] = KeyId, ["kty"] = "EC", ["crv"] = "P-256", ["alg"] = "ES256", ["use"] = "sig", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y),
        };
        return Results.Text(new JsonObject { ["keys"] = new JsonArray(key) }.ToJsonString(), "application/json");
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        AuthorizationRequests.Enqueue(query);
        Expect(query.GetValueOrDefault("response_type") == "code", "response_type is not code");
        Expect(query.GetValueOrDefault("client_id") == ClientId, "the client is unknown");
        Expect(query.GetValueOrDefault("state") is { Length: >= 40 }, "the state is short");
        Expect(!query.ContainsKey("client_secret"), "the secret is in an address");
        if (!Callbacks.Contains(query.GetValueOrDefault("redirect_uri") ?? ""))
        {
            Complaints.Enqueue("the redirect address is not registered");
            return Results.BadRequest();
        }

        var code = Random();
        codes[code] = query;
        var answer = new Dictionary<string, string?> { ["code"] = code, ["state"] = query.GetValueOrDefault("state") };
        ChangeAnswer?.Invoke(answer);
        return Results.Redirect(QueryHelpers.AddQueryString(query["redirect_uri"], answer.Where(pair => pair.Value is not null)));
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = (await request.ReadFormAsync()).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        TokenRequests.Enqueue(form);
        Expect(request.Query.Count == 0, "the token request has a query");
        Expect(form.GetValueOrDefault("grant_type") == "authorization_code", "the grant is another");
        var basic = $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(ClientSecret)}"))}";
        if (request.Headers.Authorization != basic && (form.GetValueOrDefault("client_id"), form.GetValueOrDefault("client_secret")) != (ClientId, ClientSecret))
        {
            Complaints.Enqueue("the client does not prove itself");
            return Error("invalid_client", 401);
        }

        if (!codes.TryRemove(form.GetValueOrDefault("code") ?? "", out var asked) || asked["redirect_uri"] != form.GetValueOrDefault("redirect_uri"))
        {
            Complaints.Enqueue("the code is unknown, used, or of another redirect address");
            return Error("invalid_grant", 400);
        }

        if (asked.TryGetValue("code_challenge", out var challenge)
            && (asked.GetValueOrDefault("code_challenge_method") != "S256" || Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form.GetValueOrDefault("code_verifier") ?? ""))) != challenge))
        {
            Complaints.Enqueue("the verifier is not that of the challenge");
            return Error("invalid_grant", 400);
        }

        var access = Random();
        accessTokens[access] = 0;
        var answer = new JsonObject { ["access_token"] = access, ["token_type"] = "Bearer", ["expires_in"] = 60 };
        if (SendsIdTokens)
        {
            answer["id_token"] = IdTokenFor(asked);
        }

        return Results.Text(answer.ToJsonString(), "application/json");
    }

    private string IdTokenFor(Dictionary<string, string> asked)
    {
        // The clock of whoever is tested may stand still, so the token is good for years around today.
        var claims = (JsonObject)Person.DeepClone();
        claims["iss"] = Issuer;
        claims["aud"] = ClientId;
        claims["iat"] = 1_700_000_000;
        claims["exp"] = 4_000_000_000;
        if (asked.TryGetValue("nonce", out var nonce))
        {
            claims["nonce"] = nonce;
        }

        var header = new JsonObject { ["alg"] = "ES256", ["kid"] = KeyId, ["typ"] = "JWT" };
        ChangeClaims?.Invoke(claims);
        ChangeHeader?.Invoke(header);
        var token = Sign(header, claims);
        return ChangeIdToken?.Invoke(token) ?? token;
    }

    private IResult Info(HttpRequest request)
    {
        var bearer = request.Headers.Authorization.ToString();
        if (!bearer.StartsWith("Bearer ", StringComparison.Ordinal) || !accessTokens.ContainsKey(bearer["Bearer ".Length..]))
        {
            Complaints.Enqueue("the user info was asked for without a token");
            return Error("invalid_token", 401);
        }

        return Results.Text((UserInfo?.Invoke() ?? Person).ToJsonString(), "application/json");
    }

    private void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Complaints.Enqueue(otherwise);
        }
    }

    private static IResult Error(string error, int status) => Results.Json(new { error }, statusCode: status);

    private static string Random() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
}
