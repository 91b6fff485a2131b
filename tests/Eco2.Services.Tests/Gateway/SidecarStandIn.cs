using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Eco2.Services.Tests.Gateway;

/// <summary>The invocation API of a sidecar with apps behind it that a test writes itself, and an auth that signs what it is told to.</summary>
internal sealed class SidecarStandIn : IAsyncDisposable
{
    public const string Kid = "the-key";
    private readonly WebApplication app;

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>What the apps do; the default says what it was asked.</summary>
    public Func<string, string, HttpContext, Task> Handle { get; set; } = EchoAsync;

    public ConcurrentBag<string> Asked { get; } = [];

    public string Revoked { get; set; } = "[]";

    public int Port { get; }

    private SidecarStandIn(WebApplication app, int port) => (this.app, Port) = (app, port);

    public static async Task<SidecarStandIn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        SidecarStandIn? self = null;
        app.Run(http => self!.AnswerAsync(http));
        await app.StartAsync();
        return self = new SidecarStandIn(app, new Uri(app.Urls.First()).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Key.Dispose();
    }

    /// <summary>A token as auth signs it, after <paramref name="change"/> had its way with header and claims.</summary>
    public string Token(Action<Dictionary<string, object?>, Dictionary<string, object?>>? change = null, ECDsa? key = null, DateTimeOffset? now = null)
    {
        var time = (now ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        var header = new Dictionary<string, object?> { ["alg"] = "ES256", ["kid"] = Kid, ["typ"] = "JWT" };
        var claims = new Dictionary<string, object?>
        {
            ["iss"] = "eco2", ["aud"] = "eco2-api", ["sub"] = "01980000-0000-7000-8000-000000000001", ["sid"] = "01980000-0000-7000-8000-000000000002",
            ["jti"] = "x", ["type"] = "access", ["provider"] = "password", ["roles"] = new[] { "user" }, ["iat"] = time, ["nbf"] = time, ["exp"] = time + 900,
        };
        change?.Invoke(header, claims);
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString((key ?? Key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    public static string Encode(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

    private async Task AnswerAsync(HttpContext http)
    {
        var raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        const string Invoke = "/v1.0/invoke/";
        if (!raw.StartsWith(Invoke, StringComparison.Ordinal))
        {
            http.Response.StatusCode = 204;
            return;
        }

        var rest = raw[Invoke.Length..];
        var application = rest[..rest.IndexOf('/', StringComparison.Ordinal)];
        var path = rest[(application.Length + "/method".Length)..];
        Asked.Add($"{application} {path}");
        switch (application, path)
        {
            case ("auth", "/.well-known/jwks.json"):
                var q = Key.ExportParameters(false).Q;
                await http.Response.WriteAsJsonAsync(new { keys = new[] { new { kid = Kid, kty = "EC", crv = "P-256", use = "sig", alg = "ES256", x = Base64Url.EncodeToString(q.X), y = Base64Url.EncodeToString(q.Y) } } });
                return;
            case ("auth", "/internal/sessions/revoked"):
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(Revoked);
                return;
            default:
                await Handle(application, path, http);
                return;
        }
    }

    public static async Task EchoAsync(string application, string path, HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        await http.Response.WriteAsJsonAsync(new
        {
            app = application,
            path,
            method = http.Request.Method,
            headers = http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()),
            bytes = body.Length,
        });
    }
}
