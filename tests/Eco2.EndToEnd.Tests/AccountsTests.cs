using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Testing;
using Eco2.Testing.StandIns;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>Two gateways, two of auth, and a provider: what people do with their account, as their browsers do it.</summary>
public sealed class AccountsSystem : IAsyncLifetime
{
    public EcoRun Run { get; } = new("accounts");

    public IdentityProvider Provider { get; } = new();

    public Uri[] Gateways => [Run.Url, new($"http://127.0.0.1:{Run.Port("gateway-2")}")];

    public async Task InitializeAsync()
    {
        await Provider.StartAsync();
        await Run.StartAsync(
            new Dictionary<string, string>
            {
                ["Auth__Providers__local__Issuer"] = Provider.Issuer,
                ["Auth__Providers__local__ClientId"] = IdentityProvider.ClientId,
                ["Auth__Providers__local__ClientSecret"] = IdentityProvider.ClientSecret,
                ["Edge__Issuers__0__Issuer"] = Provider.Issuer,
                ["Edge__Issuers__0__Audience"] = "eco2-of-tests",
                ["Auth__KeyRefresh"] = "00:00:02",
                ["Auth__PasswordIterations"] = "1000",
                // Everybody here comes from one address.
                ["Edge__LimitFactor"] = "1000",
            },
            "--replicas",
            "gateway=2,auth=2");
        Provider.Callbacks.Add($"{Run.Url.GetLeftPart(UriPartial.Authority)}/api/v1/auth/local/callback");
    }

    public async Task DisposeAsync()
    {
        await Run.DisposeAsync();
        await Provider.DisposeAsync();
    }
}

public sealed class AccountsTests(AccountsSystem system) : IClassFixture<AccountsSystem>
{
    private const string Password = "a long enough passphrase 42";

    [Fact]
    public async Task Somebody_signs_in_by_a_provider_and_ends_the_session_of_a_lost_phone()
    {
        system.Provider.Person["sub"] = "journey";
        system.Provider.Person["email"] = "journey@example.com";
        using var phone = NewBrowser();
        using var laptop = NewBrowser();
        var offered = await phone.GetFromJsonAsync<JsonElement>("/api/v1/auth/providers");

        var landed = (await SignInByProviderAsync(phone), await SignInByProviderAsync(laptop));

        Assert.Equal("local", offered.GetProperty("providers")[0].GetProperty("provider").GetString());
        Assert.Equal((new Uri(system.Run.Url, "/#/home").ToString(), new Uri(system.Run.Url, "/#/home").ToString()), landed);
        Assert.Empty(system.Provider.Complaints);
        await Eventually.TrueAsync(async () => await StatusAsync(laptop, "/api/v1/users/me") == HttpStatusCode.OK, "the profile arrived");

        var sessions = (await laptop.GetFromJsonAsync<JsonElement>("/api/v1/auth/sessions")).GetProperty("sessions").EnumerateArray().ToList();
        Assert.Equal(2, sessions.Count);
        Assert.All(sessions, s => Assert.Equal("local", s.GetProperty("provider").GetString()));
        var lost = sessions.Single(s => !s.GetProperty("current").GetBoolean()).GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.NoContent, (await laptop.DeleteAsync(new Uri($"/api/v1/auth/sessions/{lost}", UriKind.Relative))).StatusCode);
        await Eventually.TrueAsync(async () => await StatusAsync(phone, "/api/v1/users/me") == HttpStatusCode.Unauthorized, "the lost phone is out", TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(laptop, "/api/v1/users/me"));
    }

    [Fact]
    public async Task A_program_uses_its_key_through_every_gateway_until_it_is_revoked()
    {
        using var owner = Bearer(system.Run.Url, await SignAsync("sign-up", "programs@example.com"));
        await Eventually.TrueAsync(async () => await StatusAsync(owner, "/api/v1/users/me") == HttpStatusCode.OK, "the profile arrived");
        using var made = await owner.PostAsJsonAsync("/api/v1/auth/keys", new { name = "a program", scopes = new[] { "profile:read" } });
        var key = await made.Content.ReadFromJsonAsync<JsonElement>();
        var text = key.GetProperty("key").GetString()!;
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        Assert.All(await AskAllAsync([text]), status => Assert.Equal(HttpStatusCode.OK, status));
        using var program = Bearer(system.Run.Url, text);
        foreach (var path in (string[])["/api/v1/scan", "/api/v1/auth/keys", "/api/v1/auth/sessions", "/api/v1/auth/signing-keys"])
        {
            Assert.Contains(await StatusAsync(program, path), (HttpStatusCode[])[HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized]);
        }

        Assert.Equal(HttpStatusCode.NoContent, (await owner.DeleteAsync(new Uri($"/api/v1/auth/keys/{key.GetProperty("id").GetString()}", UriKind.Relative))).StatusCode);
        await Eventually.TrueAsync(async () => (await AskAllAsync([text])).All(s => s == HttpStatusCode.Unauthorized), "the key is refused at every gateway", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_token_of_an_accepted_issuer_opens_the_API_for_a_user_of_its_own()
    {
        string Token(string subject, string audience) => system.Provider.Sign(
            new JsonObject { ["alg"] = "ES256", ["kid"] = system.Provider.KeyId },
            new JsonObject { ["iss"] = system.Provider.Issuer, ["aud"] = audience, ["sub"] = subject, ["token_use"] = "access", ["exp"] = 4_000_000_000 });

        var (first, again, other) = (await OwnIdAsync(Token("pool-1", "eco2-of-tests")), await OwnIdAsync(Token("pool-1", "eco2-of-tests")), await OwnIdAsync(Token("pool-2", "eco2-of-tests")));
        using var mistaken = Bearer(system.Run.Url, Token("pool-1", IdentityProvider.ClientId));

        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(mistaken, "/api/v1/users/me"));

        async Task<string> OwnIdAsync(string token)
        {
            using var http = Bearer(system.Run.Url, token);
            await Eventually.TrueAsync(async () => await StatusAsync(http, "/api/v1/users/me") == HttpStatusCode.OK, "the profile arrived");
            return (await http.GetFromJsonAsync<JsonElement>("/api/v1/auth/account")).GetProperty("id").GetString()!;
        }
    }

    [Fact]
    public async Task Signing_out_everywhere_is_known_to_every_gateway_within_five_seconds()
    {
        var tokens = new List<string> { await SignAsync("sign-up", "everywhere@example.com") };
        for (var i = 0; i < 3; i++)
        {
            tokens.Add(await SignAsync("sign-in", "everywhere@example.com"));
        }

        Assert.All(await AskAllAsync(tokens), status => Assert.Equal(HttpStatusCode.OK, status));
        using var first = Bearer(system.Run.Url, tokens[0]);
        using var answer = await first.PostAsync(new Uri("/api/v1/auth/logout-all", UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Eventually.TrueAsync(async () => (await AskAllAsync(tokens)).All(s => s == HttpStatusCode.Unauthorized), "every token is refused at every gateway", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Rotated_keys_sign_nobody_out()
    {
        var old = await SignAsync("sign-up", "rotate@example.com");
        var (exit, output) = await system.Run.Eco2Async("keys", "rotate");
        Assert.True(exit == 0, output);
        var (_, listed) = await system.Run.Eco2Async("keys", "list");
        var next = output.Split(' ')[1];

        // Whichever of auth signed it, whichever gateway is asked: each token is good, before, while and after the new key takes over.
        var seen = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                var token = await SignAsync("sign-in", "rotate@example.com");
                seen.Add(KidOf(token));
                Assert.All(await AskAllAsync([token, old]), status => Assert.Equal(HttpStatusCode.OK, status));
                return seen.TakeLast(4).Count(kid => kid == next) == 4;
            },
            "both of auth sign with the new key",
            TimeSpan.FromSeconds(60));

        Assert.Contains($"{next}  next", listed, StringComparison.Ordinal);
        Assert.Contains(KidOf(old), seen);
        Assert.All(await AskAllAsync([old]), status => Assert.Equal(HttpStatusCode.OK, status));
    }

    /// <summary>The whole way by plain links, as the page does it.</summary>
    private static async Task<string> SignInByProviderAsync(HttpClient browser)
    {
        using var there = await browser.GetAsync(new Uri("/api/v1/auth/local/authorize?redirect=true", UriKind.Relative));
        using var back = await browser.GetAsync(there.Headers.Location);
        using var home = await browser.GetAsync(back.Headers.Location);
        return home.Headers.Location!.ToString();
    }

    private async Task<string> SignAsync(string how, string email)
    {
        using var http = NewBrowser();
        using var answer = await http.PostAsJsonAsync($"/api/v1/auth/{how}", new { email, password = Password });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    private async Task<HttpStatusCode[]> AskAllAsync(IReadOnlyList<string> tokens) =>
        await Task.WhenAll(system.Gateways.SelectMany(gateway => tokens.Select(async token =>
        {
            using var http = Bearer(gateway, token);
            return await StatusAsync(http, "/api/v1/users/me/characters");
        })));

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private HttpClient NewBrowser()
    {
        var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = system.Run.Url };
        browser.DefaultRequestHeaders.Add("X-Requested-With", "eco2");
        return browser;
    }

    private static HttpClient Bearer(Uri gateway, string token)
    {
        var http = new HttpClient { BaseAddress = gateway };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private static string KidOf(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString()!;
}
