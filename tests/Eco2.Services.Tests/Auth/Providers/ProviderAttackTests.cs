using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Eco2.Testing.StandIns;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

/// <summary>What must not open a session: tokens that lie, and answers that were not asked for.</summary>
public sealed class ProviderAttackTests : IAsyncLifetime
{
    private const string Home = Browser.PublicUrl + "/#/home";
    private const string Failed = Browser.PublicUrl + "/#/login?error=oauth_failed";
    private readonly TestClock clock = new();
    private ProviderApp app = null!;

    public async Task InitializeAsync() => app = await ProviderApp.StartAsync(
        clock, "Auth:Providers:twin:Issuer={provider}", $"Auth:Providers:twin:ClientId={IdentityProvider.ClientId}", $"Auth:Providers:twin:ClientSecret={IdentityProvider.ClientSecret}");

    public async Task DisposeAsync() => await app.DisposeAsync();

    public static TheoryData<string> Lies => new(Lie.Keys);

    private static readonly Dictionary<string, Action<IdentityProvider>> Lie = new()
    {
        ["another nonce"] = p => p.ChangeClaims = c => c["nonce"] = "n" + ((string)c["nonce"]!)[1..],
        ["no nonce"] = p => p.ChangeClaims = c => c.Remove("nonce"),
        ["another audience"] = p => p.ChangeClaims = c => c["aud"] = "another-client",
        ["no audience"] = p => p.ChangeClaims = c => c.Remove("aud"),
        ["two audiences without a party"] = p => p.ChangeClaims = c => c["aud"] = new JsonArray(IdentityProvider.ClientId, "another-client"),
        ["two audiences of another party"] = p => p.ChangeClaims = c => (c["aud"], c["azp"]) = (new JsonArray(IdentityProvider.ClientId, "another-client"), "another-client"),
        ["another party"] = p => p.ChangeClaims = c => c["azp"] = "another-client",
        ["another issuer"] = p => p.ChangeClaims = c => c["iss"] = "https://accounts.example",
        ["the issuer with a slash"] = p => p.ChangeClaims = c => c["iss"] = (string)c["iss"]! + "/",
        ["expired"] = p => p.ChangeClaims = c => c["exp"] = new DateTimeOffset(2026, 3, 1, 2, 2, 3, TimeSpan.Zero).ToUnixTimeSeconds(),
        ["without an end"] = p => p.ChangeClaims = c => c.Remove("exp"),
        ["an end in words"] = p => p.ChangeClaims = c => c["exp"] = "4000000000",
        ["of tomorrow"] = p => p.ChangeClaims = c => c["iat"] = new DateTimeOffset(2026, 3, 2, 2, 3, 4, TimeSpan.Zero).ToUnixTimeSeconds(),
        ["not yet"] = p => p.ChangeClaims = c => c["nbf"] = new DateTimeOffset(2026, 3, 1, 2, 5, 4, TimeSpan.Zero).ToUnixTimeSeconds(),
        ["nobody"] = p => p.ChangeClaims = c => c.Remove("sub"),
        ["an empty subject"] = p => p.ChangeClaims = c => c["sub"] = "",
        ["a long subject"] = p => p.ChangeClaims = c => c["sub"] = new string('s', 256),
        ["a subject of two lines"] = p => p.ChangeClaims = c => c["sub"] = "a\nb",
        ["a subject that is no text"] = p => p.ChangeClaims = c => c["sub"] = new JsonArray("person-1"),
        ["alg none"] = p => p.ChangeIdToken = t => $"{IdentityProvider.Encode(new JsonObject { ["alg"] = "none", ["kid"] = p.KeyId })}.{t.Split('.')[1]}.",
        ["alg none with the signature"] = p => p.ChangeHeader = h => h["alg"] = "none",
        ["another algorithm"] = p => p.ChangeHeader = h => h["alg"] = "RS256",
        ["the public key as a password"] = p => p.ChangeIdToken = t => WithPassword(p, t),
        ["another key of the same id"] = p => p.SignWith = ECDsa.Create(ECCurve.NamedCurves.nistP256),
        ["a key that is not published"] = p => p.ChangeHeader = h => h["kid"] = "key-2",
        ["no key"] = p => p.ChangeHeader = h => h.Remove("kid"),
        ["a key of its own"] = p => (p.SignWith, p.ChangeHeader) = (ECDsa.Create(ECCurve.NamedCurves.nistP256), h => h["jwk"] = new JsonObject { ["kty"] = "EC" }),
        ["a critical extension"] = p => p.ChangeHeader = h => h["crit"] = new JsonArray("b64"),
        ["changed claims"] = p => p.ChangeIdToken = t => string.Join('.', t.Split('.')[0], t.Split('.')[1][..^2] + (t.Split('.')[1][^2..] == "fQ" ? "IH0" : "fQ"), t.Split('.')[2]),
        ["no signature"] = p => p.ChangeIdToken = t => t[..t.LastIndexOf('.')] + ".",
        ["two parts"] = p => p.ChangeIdToken = t => t[..t.LastIndexOf('.')],
        ["five parts"] = p => p.ChangeIdToken = t => t + ".a.b",
        ["no base64"] = p => p.ChangeIdToken = t => "é." + t,
        ["one claim twice"] = p => p.ChangeIdToken = t => SignedText(p, t, text => text[..^1] + ",\"sub\":\"person-2\"}"),
        ["half a character for a subject"] = p => p.ChangeIdToken = t => SignedText(p, t, text => text.Replace("person-1", "\\ud800", StringComparison.Ordinal)),
        ["claims that are a list"] = p => p.ChangeIdToken = t => SignedText(p, t, _ => "[1]"),
        ["a large one"] = p => p.ChangeClaims = c => c["padding"] = new string('x', 20_000),
        ["none at all"] = p => p.SendsIdTokens = false,
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task An_ID_token_that_is_not_right_opens_nothing(string lie)
    {
        Lie[lie](app.Provider);
        using var browser = app.NewBrowser();

        Assert.Equal(Failed, await browser.SignInAsync());

        Assert.Null(browser.Who());
        Assert.Equal((0L, 0L), (await app.CountAsync("accounts"), await app.CountAsync("sessions")));
        Assert.Equal(1, await app.CountAsync("audit where kind = 'sign_in_refused' and details ->> 'provider' = 'local'"));
    }

    [Fact]
    public async Task A_key_that_the_provider_changed_to_is_found_and_several_audiences_with_our_party_are_right()
    {
        using var first = app.NewBrowser();
        Assert.Equal(Home, await first.SignInAsync());
        (app.Provider.Key, app.Provider.KeyId) = (ECDsa.Create(ECCurve.NamedCurves.nistP256), "key-2");
        app.Provider.ChangeClaims = c => (c["aud"], c["azp"]) = (new JsonArray("another-client", IdentityProvider.ClientId), IdentityProvider.ClientId);
        using var second = app.NewBrowser();
        clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(Home, await second.SignInAsync());
    }

    [Fact]
    public async Task An_answer_works_once()
    {
        using var browser = app.NewBrowser();
        var way = await browser.AtProviderAsync(await browser.StartAsync());

        var landed = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => browser.ReturnAsync(way)));

        Assert.Single(landed, Home);
        Assert.Equal(5, landed.Count(l => l == Failed));
        Assert.Equal(1, await app.CountAsync("sessions"));
        Assert.Single(app.Provider.TokenRequests);
    }

    [Fact]
    public async Task An_answer_works_only_in_the_browser_that_asked()
    {
        using var attacker = app.NewBrowser();
        using var victim = app.NewBrowser();
        using var nobody = app.NewBrowser();
        var way = await attacker.AtProviderAsync(await attacker.StartAsync());
        // The victim has a sign-in of its own on its way.
        await victim.StartAsync();

        Assert.Equal((Failed, Failed), (await victim.ReturnAsync(way), await nobody.ReturnAsync(way)));

        Assert.Null(victim.Who());
        Assert.Empty(app.Provider.TokenRequests);
        // Foreign tries do not use it up.
        Assert.Equal(Home, await attacker.ReturnAsync(way));
    }

    [Fact]
    public async Task An_answer_of_one_provider_does_not_open_the_door_of_another()
    {
        using var browser = app.NewBrowser();
        var way = await browser.AtProviderAsync(await browser.StartAsync());

        Assert.Equal(Failed, await browser.ReturnAsync(way.Replace("/local/", "/twin/", StringComparison.Ordinal)));
        Assert.Equal(Failed, await browser.ReturnAsync(way.Replace("/local/", "/nobody/", StringComparison.Ordinal)));
        Assert.Null(browser.Who());
    }

    [Fact]
    public async Task An_answer_that_comes_too_late_is_none()
    {
        using var browser = app.NewBrowser();
        var late = await browser.AtProviderAsync(await browser.StartAsync());
        clock.Advance(TimeSpan.FromSeconds(601));

        Assert.Equal(Failed, await browser.ReturnAsync(late));
        await browser.StartAsync();
        Assert.Equal(1, await app.CountAsync("provider_sign_ins"));
    }

    [Theory]
    [InlineData("error", "access_denied", null)]
    [InlineData("code", null, null)]
    [InlineData("code", "", null)]
    [InlineData("code", "invented", null)]
    [InlineData("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", null)]
    [InlineData("state", null, null)]
    [InlineData("state", "'; drop table accounts; --", null)]
    [InlineData("iss", "https://accounts.example", null)]
    [InlineData("iss", null, "promised")]
    public async Task An_answer_with_something_else_in_it_opens_nothing(string name, string? value, string? issuer)
    {
        app.Provider.ChangeDiscovery = d => d["authorization_response_iss_parameter_supported"] = issuer == "promised";
        app.Provider.ChangeAnswer = a => a[name] = value;
        using var browser = app.NewBrowser();

        Assert.Equal(Failed, await browser.SignInAsync());
        Assert.Null(browser.Who());
    }

    [Fact]
    public async Task An_answer_that_names_our_issuer_is_right_and_one_with_two_codes_is_not()
    {
        app.Provider.ChangeDiscovery = d => d["authorization_response_iss_parameter_supported"] = true;
        app.Provider.ChangeAnswer = a => a["iss"] = app.Provider.Issuer;
        using var browser = app.NewBrowser();
        var way = await browser.AtProviderAsync(await browser.StartAsync());

        Assert.Equal(Failed, await browser.ReturnAsync(way + "&code=another"));
        Assert.Equal(Home, await browser.SignInAsync());
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("https://eco2.example.evil.example")]
    [InlineData("https://eco2.example@evil.example/")]
    [InlineData("https://evil.example/https://eco2.example")]
    [InlineData("http://eco2.example")]
    [InlineData("https://eco2.example:444")]
    [InlineData("https://app.eco2.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("")]
    public async Task A_sign_in_comes_back_only_to_pages_on_the_list(string target)
    {
        using var browser = app.NewBrowser();
        var query = "?redirect_uri=" + Uri.EscapeDataString(target);

        foreach (var path in (string[])["local/login", "local/authorize", "local"])
        {
            await (await browser.GetAsync($"/api/v1/auth/{path}{query}")).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
            await (await browser.GetAsync($"/api/v1/auth/{path}", ("X-Frontend-Origin", target))).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        }

        Assert.Equal(0, await app.CountAsync("provider_sign_ins"));
    }

    [Fact]
    public async Task A_sign_in_comes_back_to_a_page_on_the_list_and_takes_nothing_from_its_address()
    {
        using var browser = app.NewBrowser();

        Assert.Equal("https://app.eco2.example:8443/#/home", await browser.SignInAsync(query: "&redirect_uri=" + Uri.EscapeDataString("https://app.eco2.example:8443/other?x=1#/y")));
        Assert.Equal(Home, await browser.SignInAsync(query: "&redirect_uri=" + Uri.EscapeDataString("https://ECO2.example/")));
        await (await browser.GetAsync("/api/v1/auth/local/login?redirect_uri=https://eco2.example&redirect_uri=https://evil.example")).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION");
    }

    private static string WithPassword(IdentityProvider provider, string token)
    {
        var signed = $"{IdentityProvider.Encode(new JsonObject { ["alg"] = "HS256", ["kid"] = provider.KeyId })}.{token.Split('.')[1]}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(provider.Key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string SignedText(IdentityProvider provider, string token, Func<string, string> change)
    {
        var claims = change(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1])));
        var signed = $"{token.Split('.')[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Base64Url.EncodeToString(provider.Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }
}
