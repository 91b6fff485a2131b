using System.Net;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

/// <summary>A provider that is away, slow, or talks nonsense.</summary>
public sealed class ProviderFailureTests
{
    private const string Failed = Browser.PublicUrl + "/#/login?error=oauth_failed";

    public static TheoryData<string, string> Nonsense
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var path in (string[])["/token", "/jwks"])
            {
                foreach (var what in Answers.Keys)
                {
                    all.Add(path, what);
                }
            }

            return all;
        }
    }

    private static readonly Dictionary<string, Func<HttpContext, Task>> Answers = new()
    {
        ["an error"] = http => WriteAsync(http, 500, "{}"),
        ["a refusal"] = http => WriteAsync(http, 400, "{\"error\":\"invalid_grant\"}"),
        ["a page"] = http => WriteAsync(http, 200, "<html>"),
        ["nothing"] = http => WriteAsync(http, 200, ""),
        ["a list"] = http => WriteAsync(http, 200, "[]"),
        ["an object without anything"] = http => WriteAsync(http, 200, "{}"),
        ["deep"] = http => WriteAsync(http, 200, string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000)),
        ["huge"] = http => WriteAsync(http, 200, "{\"a\":\"" + new string('x', 5_000_000) + "\"}"),
        ["a way elsewhere"] = http =>
        {
            http.Response.Redirect("/userinfo");
            return Task.CompletedTask;
        },
        ["half"] = async http =>
        {
            http.Response.ContentLength = 1000;
            await http.Response.WriteAsync("{\"a\":");
            http.Abort();
        },
        ["late"] = http => Task.Delay(Timeout.InfiniteTimeSpan, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default),
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_answer_that_makes_no_sense_ends_the_sign_in_and_not_the_service(string path, string what)
    {
        await using var app = await ProviderApp.StartAsync(null, "Auth:ProviderTimeout=00:00:00.500");
        app.Provider.Instead[path] = Answers[what];
        using var browser = app.NewBrowser();

        Assert.Equal(Failed, await browser.SignInAsync());

        Assert.DoesNotContain("/userinfo", app.Provider.Requests);
        Assert.Null(browser.Who());
        // A code is shown once, whatever comes of it.
        Assert.Equal(1, app.Provider.Requests.Count(r => r == "/token"));
        app.Provider.Instead.Clear();
        Assert.Equal(Browser.PublicUrl + "/#/home", await browser.SignInAsync());
    }

    [Fact]
    public async Task A_provider_that_is_away_is_asked_again_and_then_left_alone_for_a_moment()
    {
        await using var app = await ProviderApp.StartAsync();
        app.Provider.Instead["/.well-known/openid-configuration"] = http => WriteAsync(http, 503, "");
        using var browser = app.NewBrowser();

        for (var i = 0; i < 8; i++)
        {
            await (await browser.GetAsync("/api/v1/auth/local/login")).IsProblemAsync(HttpStatusCode.BadGateway, "OAUTH_PROVIDER_ERROR", "auth");
        }

        // Three tries for each of the first ones, then none.
        Assert.InRange(app.Provider.Requests.Count, 10, 12);
        Assert.Equal(0, await app.CountAsync("provider_sign_ins"));
    }

    [Fact]
    public async Task One_failure_in_passing_is_not_noticed()
    {
        await using var app = await ProviderApp.StartAsync();
        var failures = 2;
        app.Provider.Instead["/.well-known/openid-configuration"] = async http =>
        {
            if (Interlocked.Decrement(ref failures) == 0)
            {
                app.Provider.Instead.Clear();
            }

            await WriteAsync(http, 503, "");
        };
        using var browser = app.NewBrowser();

        Assert.Equal(Browser.PublicUrl + "/#/home", await browser.SignInAsync());
    }

    [Theory]
    [InlineData("issuer", "https://accounts.example")]
    [InlineData("issuer", null)]
    [InlineData("authorization_endpoint", null)]
    [InlineData("token_endpoint", "http://192.0.2.1/token")]
    [InlineData("token_endpoint", "/token")]
    [InlineData("jwks_uri", "file:///etc/passwd")]
    [InlineData("jwks_uri", "https://user:password@accounts.example/jwks")]
    [InlineData("authorization_endpoint", "javascript:alert(1)")]
    [InlineData("padding", "much")]
    public async Task A_discovery_document_that_cannot_be_believed_is_not(string member, string? value)
    {
        await using var app = await ProviderApp.StartAsync();
        app.Provider.ChangeDiscovery = d => d[member] = value == "much" ? new string('x', 300_000) : value;
        using var browser = app.NewBrowser();

        await (await browser.GetAsync("/api/v1/auth/local/login")).IsProblemAsync(HttpStatusCode.BadGateway, "OAUTH_PROVIDER_ERROR", "auth");
        await (await browser.GetAsync("/api/v1/auth/local/authorize?redirect=true")).IsProblemAsync(HttpStatusCode.BadGateway, "OAUTH_PROVIDER_ERROR", "auth");
    }

    [Theory]
    [InlineData("Auth:Providers:local:Issuer=http://accounts.example")]
    [InlineData("Auth:Providers:local:Issuer=ftp://accounts.example")]
    [InlineData("Auth:Providers:keys:ClientId=x")]
    [InlineData("Auth:Providers:a b:ClientId=x")]
    [InlineData("Auth:Providers:corp:ClientId=x")]
    [InlineData("Auth:Frontends:0=eco2.example")]
    [InlineData("Auth:Frontends:0=https://eco2.example/?x")]
    public async Task A_setting_that_cannot_work_is_said_at_the_start(string setting) =>
        await Assert.ThrowsAnyAsync<Exception>(async () => await (await ProviderApp.StartAsync(null, setting)).DisposeAsync());

    [Fact]
    public async Task The_secret_comes_from_the_secret_store_when_no_setting_holds_it()
    {
        await using var app = await ProviderApp.StartAsync(null, "Auth:Providers:local:ClientSecret=");
        using var browser = app.NewBrowser();
        var way = await browser.AtProviderAsync(await browser.StartAsync());

        // Nobody listens where the sidecar would: it cannot be asked.
        using var answer = await browser.GetAsync(way);

        await answer.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "auth");
        Assert.Empty(app.Provider.TokenRequests);
    }

    private static async Task WriteAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(text);
    }
}
