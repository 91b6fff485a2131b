using System.Net;
using System.Text.Json.Nodes;
using Eco2.Testing.StandIns;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

public sealed class ProviderSignInTests
{
    private const string Home = Browser.PublicUrl + "/#/home";
    private const string Exists = Browser.PublicUrl + "/#/login?error=account_exists";

    [Fact]
    public async Task Whoever_the_provider_vouches_for_gets_an_account_once_and_a_session_each_time()
    {
        await using var app = await ProviderApp.StartAsync();
        using var first = app.NewBrowser();
        using var second = app.NewBrowser();

        var landed = await first.SignInAsync();
        var again = await second.SignInAsync();

        Assert.Equal((Home, Home), (landed, again));
        Assert.Equal(first.Who()!.Value.User, second.Who()!.Value.User);
        Assert.NotEqual(first.Who()!.Value.Session, second.Who()!.Value.Session);
        Assert.Empty(app.Provider.Complaints);
        Assert.Equal("person@example.com", await app.Db.ScalarAsync<string>("select email from accounts where email_verified_at is not null and password_hash is null"));
        Assert.Equal("local person-1", await app.Db.ScalarAsync<string>("select provider || ' ' || provider_user_id from social_accounts where linked_at is not null"));
        Assert.Equal(1, await app.CountAsync("outbox where topic = 'user.registered' and payload like '%\"provider\":\"local\"%'"));
        Assert.Equal(2, await app.CountAsync("audit where kind = 'signed_in' and details ->> 'provider' = 'local'"));
    }

    [Fact]
    public async Task The_way_there_carries_a_state_a_nonce_and_a_challenge_and_no_secret()
    {
        await using var app = await ProviderApp.StartAsync();
        using var browser = app.NewBrowser();

        await browser.SignInAsync();
        await browser.SignInAsync();

        var asked = app.Provider.AuthorizationRequests.ToArray();
        Assert.All(asked, q => Assert.Equal(["client_id", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "response_type", "scope", "state"], q.Keys.Order(StringComparer.Ordinal)));
        Assert.All(asked, q => Assert.Equal(("openid email profile", Browser.PublicUrl + "/api/v1/auth/local/callback"), (q["scope"], q["redirect_uri"])));
        foreach (var name in (string[])["state", "nonce", "code_challenge"])
        {
            Assert.NotEqual(asked[0][name], asked[1][name]);
        }

        Assert.All(app.Provider.TokenRequests, f => Assert.Equal(43, f["code_verifier"].Length));
        var stored = await app.Db.ScalarAsync<string>("select coalesce(string_agg(p::text, ''), '') from provider_sign_ins p");
        Assert.Equal("", stored);
    }

    [Fact]
    public async Task The_answers_in_JSON_say_the_same_as_the_redirect()
    {
        await using var app = await ProviderApp.StartAsync();
        using var browser = app.NewBrowser();

        using var answer = await browser.GetAsync("/api/v1/auth/local/login");
        var login = await answer.JsonAsync();
        var brief = await (await browser.GetAsync("/api/v1/auth/local/authorize")).JsonAsync();
        var bare = await (await browser.GetAsync("/api/v1/auth/local")).JsonAsync();

        var data = login.GetProperty("data");
        Assert.True(login.GetProperty("success").GetBoolean() && bare.GetProperty("success").GetBoolean());
        Assert.Equal("local", data.GetProperty("provider").GetString());
        Assert.Contains("state=" + data.GetProperty("state").GetString(), data.GetProperty("authorization_url").GetString(), StringComparison.Ordinal);
        Assert.Equal(["authorization_url", "state"], brief.EnumerateObject().Select(p => p.Name).Order());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Matches("^s_oauth=[A-Za-z0-9_-]{43}; max-age=600; path=/api/v1/auth; secure; samesite=lax; httponly$", cookie);
        Assert.Equal(Home, await browser.FinishAsync(data.GetProperty("authorization_url").GetString()!));
        Assert.Equal(Home, await browser.FinishAsync(brief.GetProperty("authorization_url").GetString()!));
    }

    [Fact]
    public async Task None_is_offered_until_one_is_configured()
    {
        var (host, db) = await AuthApp.StartAsync();
        await using var _ = host;
        await using var __ = db;
        await using var app = await ProviderApp.StartAsync(null, "Auth:Providers:google:ClientId=1.apps.example", "Auth:Providers:kakao:ClientId=");

        var none = await (await host.Client.GetAsync(new Uri("/api/v1/auth/providers", UriKind.Relative))).JsonAsync();
        var some = await (await app.Host.Client.GetAsync(new Uri("/api/v1/auth/providers", UriKind.Relative))).JsonAsync();

        Assert.Equal(0, none.GetProperty("providers").GetArrayLength());
        Assert.Equal(["google Google", "local Local"], some.GetProperty("providers").EnumerateArray().Select(p => $"{p.GetProperty("provider").GetString()} {p.GetProperty("name").GetString()}"));
        foreach (var path in (string[])["google/login", "google/authorize", "kakao/login", "nobody/authorize?redirect=true"])
        {
            await (await host.Client.GetAsync(new Uri("/api/v1/auth/" + path, UriKind.Relative))).IsProblemAsync(HttpStatusCode.BadRequest, "UNSUPPORTED_PROVIDER", "auth");
        }

        await (await host.Client.GetAsync(new Uri("/api/v1/auth/google", UriKind.Relative))).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
    }

    [Fact]
    public async Task A_provider_without_OpenID_Connect_is_asked_who_it_is()
    {
        // As Naver answers, and as Discord does.
        await using var app = await ProviderApp.StartAsync(
            null,
            "Auth:Providers:naver:ClientId=" + IdentityProvider.ClientId, "Auth:Providers:naver:ClientSecret=" + IdentityProvider.ClientSecret,
            "Auth:Providers:naver:AuthorizationEndpoint={provider}/authorize", "Auth:Providers:naver:TokenEndpoint={provider}/token", "Auth:Providers:naver:UserInfoEndpoint={provider}/userinfo",
            "Auth:Providers:discord:ClientId=" + IdentityProvider.ClientId, "Auth:Providers:discord:ClientSecret=" + IdentityProvider.ClientSecret, "Auth:Providers:discord:BasicAuthentication=true",
            "Auth:Providers:discord:AuthorizationEndpoint={provider}/authorize", "Auth:Providers:discord:TokenEndpoint={provider}/token", "Auth:Providers:discord:UserInfoEndpoint={provider}/userinfo");
        app.Provider.SendsIdTokens = false;
        app.Provider.Callbacks.UnionWith(["https://eco2.example/api/v1/auth/naver/callback", "https://eco2.example/api/v1/auth/discord/callback"]);
        using var naver = app.NewBrowser();
        using var discord = app.NewBrowser();

        app.Provider.UserInfo = () => new JsonObject { ["resultcode"] = "00", ["message"] = "success", ["response"] = new JsonObject { ["id"] = "n-32742776", ["email"] = "n@naver.example", ["nickname"] = "네이버" } };
        var landed = await naver.SignInAsync("naver");
        var state = app.Provider.AuthorizationRequests.Last()["state"];
        var asked = app.Provider.TokenRequests.Last();
        app.Provider.UserInfo = () => new JsonObject { ["id"] = "80351110224678912", ["username"] = "nelly", ["global_name"] = "Nelly", ["email"] = "nelly@discord.example", ["verified"] = true };
        var also = await discord.SignInAsync("discord");

        Assert.Equal((Home, Home), (landed, also));
        Assert.Equal(state, asked["state"]);
        Assert.Empty(app.Provider.Complaints);
        Assert.Equal(
            "discord 80351110224678912 nelly@discord.example Nelly, naver n-32742776 none 네이버",
            await app.Db.ScalarAsync<string>("select string_agg(concat_ws(' ', provider, provider_user_id, coalesce(a.email, 'none'), nickname), ', ' order by provider) from social_accounts s join accounts a on a.id = account_id"));
    }

    [Fact]
    public async Task Google_and_Kakao_are_asked_for_what_they_give_and_each_says_who_somebody_is_in_its_own_way()
    {
        string[] names = ["google", "kakao"];
        await using var app = await ProviderApp.StartAsync(
            null,
            [.. names.SelectMany(name => (string[])[
                $"Auth:Providers:{name}:Issuer={{provider}}", $"Auth:Providers:{name}:ClientId={IdentityProvider.ClientId}", $"Auth:Providers:{name}:ClientSecret={IdentityProvider.ClientSecret}"])]);
        app.Provider.Callbacks.UnionWith(names.Select(name => $"https://eco2.example/api/v1/auth/{name}/callback"));
        using var google = app.NewBrowser();
        using var kakao = app.NewBrowser();

        app.Provider.Person = new JsonObject { ["sub"] = "110169484474386276334", ["name"] = "Gildong Hong", ["email"] = "gildong@gmail.example", ["email_verified"] = true };
        var landed = await google.SignInAsync("google");
        var (scope, challenge) = (app.Provider.AuthorizationRequests.Last()["scope"], app.Provider.AuthorizationRequests.Last()["code_challenge_method"]);
        // Says nothing of whether the address is verified, so nobody is known by it.
        app.Provider.Person = new JsonObject { ["sub"] = "1234567890", ["nickname"] = "홍길동", ["email"] = "gildong@kakao.example" };
        var also = await kakao.SignInAsync("kakao");

        Assert.Equal((Home, Home), (landed, also));
        Assert.Equal(("openid email profile", "S256"), (scope, challenge));
        Assert.Equal("openid account_email profile_nickname", app.Provider.AuthorizationRequests.Last()["scope"]);
        Assert.Equal(
            "google 110169484474386276334 gildong@gmail.example Gildong Hong, kakao 1234567890 none 홍길동",
            await app.Db.ScalarAsync<string>("select string_agg(concat_ws(' ', provider, provider_user_id, coalesce(a.email, 'none'), nickname), ', ' order by provider) from social_accounts s join accounts a on a.id = account_id"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_that_an_account_has_merges_nothing(bool verified)
    {
        await using var app = await ProviderApp.StartAsync();
        await app.Host.PostAsync("sign-up", new { email = "Person@example.com", password = "correct horse battery" });
        app.Provider.Person["email_verified"] = verified;
        using var browser = app.NewBrowser();

        Assert.Equal(Exists, await browser.SignInAsync());

        Assert.Null(browser.Who());
        Assert.Equal((0L, 1L, 1L), (await app.CountAsync("social_accounts"), await app.CountAsync("accounts"), await app.CountAsync("sessions")));
    }

    [Fact]
    public async Task An_address_that_the_provider_did_not_verify_stays_free_for_its_owner()
    {
        await using var app = await ProviderApp.StartAsync();
        app.Provider.Person["email_verified"] = "true";
        using var browser = app.NewBrowser();

        Assert.Equal(Home, await browser.SignInAsync());
        var owner = await app.Host.PostAsync("sign-up", new { email = "person@example.com", password = "correct horse battery" });

        Assert.Equal(HttpStatusCode.Created, owner.StatusCode);
        Assert.NotEqual(browser.Who()!.Value.User, (await owner.JsonAsync()).GetProperty("user_id").GetString());
        Assert.Equal(1, await app.CountAsync("accounts where email is null"));
    }

    [Fact]
    public async Task A_person_who_comes_by_eight_browsers_at_once_for_the_first_time_gets_one_account()
    {
        await using var app = await ProviderApp.StartAsync();
        var browsers = Enumerable.Range(0, 8).Select(_ => app.NewBrowser()).ToList();
        var ways = await Task.WhenAll(browsers.Select(async b => await b.AtProviderAsync(await b.StartAsync())));

        var landed = await Task.WhenAll(browsers.Zip(ways, (b, way) => b.ReturnAsync(way)));

        Assert.All(landed, l => Assert.Equal(Home, l));
        Assert.Equal((1L, 1L), (await app.CountAsync("accounts"), await app.CountAsync("social_accounts")));
        browsers.ForEach(b => b.Dispose());
    }

    [Fact]
    public async Task A_second_factor_is_asked_for_here_too()
    {
        await using var app = await ProviderApp.StartAsync();
        using var browser = app.NewBrowser();
        await browser.SignInAsync();
        await using (var on = app.Db.CreateCommand("update accounts set totp_on_at = now()"))
        {
            await on.ExecuteNonQueryAsync();
        }

        using var other = app.NewBrowser();
        var landed = await other.SignInAsync();

        Assert.Matches(@"^https://eco2\.example/#/second-factor\?challenge=[A-Za-z0-9_-]{43}$", landed);
        Assert.Null(other.Who());
        Assert.Equal((1L, 1L), (await app.CountAsync("sessions"), await app.CountAsync("sign_in_challenges where provider = 'local'")));
    }

    [Fact]
    public async Task A_deleted_account_stays_closed()
    {
        await using var app = await ProviderApp.StartAsync();
        using var browser = app.NewBrowser();
        await browser.SignInAsync();
        await using (var delete = app.Db.CreateCommand("update accounts set deleted_at = now()"))
        {
            await delete.ExecuteNonQueryAsync();
        }

        using var other = app.NewBrowser();

        Assert.Equal(Browser.PublicUrl + "/#/login?error=oauth_failed", await other.SignInAsync());
        Assert.Null(other.Who());
    }
}
