using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

public sealed class LinkTests : IAsyncLifetime
{
    private const string Security = Browser.PublicUrl + "/#/account/security";
    private ProviderApp app = null!;

    public async Task InitializeAsync() => app = await ProviderApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_linked_provider_opens_the_account_that_linked_it()
    {
        using var mine = await SignUpAsync("person@example.com");
        using var later = app.NewBrowser();

        var landed = await LinkAsync(mine);
        var again = await LinkAsync(mine);
        await later.SignInAsync();

        Assert.Equal((Security + "?linked=local", Security + "?linked=local"), (landed, again));
        Assert.Equal(mine.Who()!.Value.User, later.Who()!.Value.User);
        Assert.Equal((1L, 1L, 1L), (await app.CountAsync("accounts"), await app.CountAsync("social_accounts where linked_at is not null"), await app.CountAsync("audit where kind = 'provider_linked'")));
        Assert.Empty(app.Provider.Complaints);
    }

    [Fact]
    public async Task A_person_at_the_provider_belongs_to_one_account_and_an_account_has_one_person_of_a_provider()
    {
        using var first = app.NewBrowser();
        await first.SignInAsync();
        using var second = await SignUpAsync("second@example.com");

        var taken = await LinkAsync(second);
        app.Provider.Person["sub"] = "person-2";
        var other = await LinkAsync(second);
        app.Provider.Person["sub"] = "person-3";
        var more = await LinkAsync(second);

        Assert.Equal((Security + "?error=already_linked", Security + "?linked=local", Security + "?error=already_linked"), (taken, other, more));
        Assert.Equal(2, await app.CountAsync("social_accounts"));
    }

    [Fact]
    public async Task A_link_that_another_browser_brings_back_is_none()
    {
        using var attacker = await SignUpAsync("attacker@example.com");
        using var victim = await SignUpAsync("victim@example.com");
        var way = await victim.AtProviderAsync(await StartAsync(attacker));

        var landed = await victim.ReturnAsync(way);

        Assert.Equal(Browser.PublicUrl + "/#/login?error=oauth_failed", landed);
        Assert.Equal(0, await app.CountAsync("social_accounts"));
    }

    [Fact]
    public async Task Whoever_signs_out_on_the_way_links_nothing()
    {
        using var mine = await SignUpAsync("person@example.com");
        var way = await mine.AtProviderAsync(await StartAsync(mine));
        await mine.SendAsync(HttpMethod.Post, "/api/v1/auth/logout", mine.Identity());

        Assert.Equal(Security + "?error=oauth_failed", await mine.ReturnAsync(way));
        Assert.Equal(0, await app.CountAsync("social_accounts"));
    }

    [Fact]
    public async Task Linking_is_for_somebody_who_signed_in()
    {
        using var nobody = app.NewBrowser();
        using var mine = await SignUpAsync("person@example.com");

        await (await nobody.SendAsync(HttpMethod.Post, "/api/v1/auth/local/link")).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID");
        await (await mine.SendAsync(HttpMethod.Post, "/api/v1/auth/nobody/link", mine.Identity())).IsProblemAsync(HttpStatusCode.BadRequest, "UNSUPPORTED_PROVIDER");
        await (await mine.SendAsync(HttpMethod.Post, "/api/v1/auth/local/link?redirect_uri=https://evil.example", mine.Identity())).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION");
        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Delete])
        {
            await (await mine.SendAsync(method, "/api/v1/auth/local/link", [.. mine.Identity(), ("X-User-Scopes", "scan:read")])).IsProblemAsync(HttpStatusCode.Forbidden, "SESSION_REQUIRED");
        }
    }

    [Fact]
    public async Task An_unlinked_provider_opens_the_account_no_more_and_its_sessions_end()
    {
        using var mine = await SignUpAsync("person@example.com");
        await LinkAsync(mine);
        using var byProvider = app.NewBrowser();
        await byProvider.SignInAsync();

        var unlinked = await UnlinkAsync(mine);
        var again = await UnlinkAsync(mine);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (unlinked.StatusCode, again.StatusCode));
        Assert.Equal(1, await app.CountAsync($"sessions where revoked_at is not null and id = '{byProvider.Who()!.Value.Session}'"));
        Assert.Equal(1, await app.CountAsync($"sessions where revoked_at is null and id = '{mine.Who()!.Value.Session}'"));
        Assert.Equal(1, await app.CountAsync("audit where kind = 'provider_unlinked'"));
        using var later = app.NewBrowser();
        Assert.Equal(Browser.PublicUrl + "/#/login?error=account_exists", await later.SignInAsync());
    }

    [Fact]
    public async Task The_last_way_in_stays()
    {
        using var mine = app.NewBrowser();
        await mine.SignInAsync();

        await (await UnlinkAsync(mine)).IsProblemAsync(HttpStatusCode.Conflict, "LAST_SIGN_IN_WAY", "auth");

        // Two ways, both taken away at the same moment: one stays.
        await using (var second = app.Db.CreateCommand($"insert into social_accounts (id, account_id, provider, provider_user_id) values ('{Guid.CreateVersion7()}', '{mine.Who()!.Value.User}', 'naver', 'n-1')"))
        {
            await second.ExecuteNonQueryAsync();
        }

        var answers = await Task.WhenAll(UnlinkAsync(mine), UnlinkAsync(mine, "naver"));

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.Conflict], answers.Select(a => a.StatusCode).Order());
        Assert.Equal(1, await app.CountAsync("social_accounts"));
    }

    [Fact]
    public async Task Nobody_unlinks_for_another()
    {
        using var mine = app.NewBrowser();
        await mine.SignInAsync();
        using var other = await SignUpAsync("other@example.com");

        Assert.Equal(HttpStatusCode.NoContent, (await UnlinkAsync(other)).StatusCode);
        Assert.Equal(1, await app.CountAsync("social_accounts"));
    }

    private async Task<Browser> SignUpAsync(string email)
    {
        var browser = app.NewBrowser();
        using var request = await app.Host.PostAsync("sign-up", new { email, password = "correct horse battery" });
        browser.Cookies["s_access"] = (await request.JsonAsync()).GetProperty("access_token").GetString()!;
        return browser;
    }

    private static async Task<string> StartAsync(Browser browser)
    {
        using var answer = await browser.SendAsync(HttpMethod.Post, "/api/v1/auth/local/link", browser.Identity());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.JsonAsync()).GetProperty("authorization_url").GetString()!;
    }

    private static async Task<string> LinkAsync(Browser browser) => await browser.FinishAsync(await StartAsync(browser));

    private static Task<HttpResponseMessage> UnlinkAsync(Browser browser, string provider = "local") =>
        browser.SendAsync(HttpMethod.Delete, $"/api/v1/auth/{provider}/link", browser.Identity());
}
