using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Names and addresses that look like others, or like nothing.</summary>
public sealed class UnicodeTests : AuthTest
{
    [Theory]
    [InlineData("\u202Enimda")]
    [InlineData("admin\u2066")]
    [InlineData("\u200Fadmin")]
    [InlineData("ad\u200Bmin")]
    [InlineData("\uFEFFadmin")]
    [InlineData("ad\u00ADmin")]
    [InlineData("ad\u2060min")]
    [InlineData("\u3164")]
    [InlineData("admin\u2028admin")]
    [InlineData("admin\u0085admin")]
    [InlineData("admin\u001B[2J")]
    public async Task A_nickname_that_hides_something_is_refused(string nickname)
    {
        var answer = await host.PostAsync("sign-up", new { email = "hidden@example.com", password = "correct horse", nickname });

        var problem = await answer.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        Assert.True(problem.GetProperty("errors").TryGetProperty("nickname", out _));
    }

    [Theory]
    [InlineData("👩‍👩‍👧‍👦")]
    [InlineData("🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿")]
    [InlineData("می‌خواهم")]
    [InlineData("раураl")]
    [InlineData("ａｄｍｉｎ")]
    [InlineData("에코²")]
    [InlineData("e\u0301ric")]
    public async Task A_nickname_in_any_script_is_kept(string nickname)
    {
        var answer = await host.PostAsync("sign-up", new { email = "kept@example.com", password = "correct horse", nickname });

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Theory]
    [InlineData("ad\u200Bmin@example.com")]
    [InlineData("ad\u200Dmin@example.com")]
    [InlineData("\u202Emoc.elpmaxe@nimda.com")]
    [InlineData("admin@exam\u00ADple.com")]
    [InlineData("admin@exam\u200Cple.com")]
    [InlineData("admin@example.com\uFEFF.evil.example")]
    [InlineData("admin\u00A0@example.com")]
    [InlineData("admin\u0085@example.com")]
    [InlineData("admin\u2028@example.com")]
    [InlineData("ad\U000E0061min@example.com")]
    [InlineData("admin@example.com\r\nBcc: everybody@example.com")]
    [InlineData("admin@evil.example\u0000@example.com")]
    public async Task An_address_with_something_that_cannot_be_seen_is_none(string email)
    {
        var answer = await host.PostAsync("sign-up", new { email, password = "correct horse" });

        var problem = await answer.IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        Assert.True(problem.GetProperty("errors").TryGetProperty("email", out _));
    }

    /// <summary>Folding what looks alike would let somebody sign up, or ask for a reset, in the place of another.</summary>
    [Theory]
    [InlineData("\u0430dmin@example.com")]
    [InlineData("\uFF41dmin@example.com")]
    [InlineData("adm\u0131n@example.com")]
    [InlineData("admin@ex\u0430mple.com")]
    [InlineData("\u24D0dmin@example.com")]
    public async Task An_address_that_looks_like_another_is_another(string lookalike)
    {
        var admin = await (await host.PostAsync("sign-up", new { email = "admin@example.com", password = "correct horse" })).JsonAsync();

        var other = await host.PostAsync("sign-up", new { email = lookalike, password = "correct horse too" });
        var wrong = await host.PostAsync("sign-in", new { email = lookalike, password = "correct horse" });

        Assert.Equal(HttpStatusCode.Created, other.StatusCode);
        Assert.NotEqual(admin.GetProperty("user_id").GetGuid(), (await other.JsonAsync()).GetProperty("user_id").GetGuid());
        await wrong.IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS", "auth");
        Assert.Equal(2, await db.ScalarAsync<long>("select count(*) from accounts"));
    }

    /// <summary>The Kelvin sign is a k as soon as it is small: whoever owns the address has one account, and mails go to the address as it is kept.</summary>
    [Fact]
    public async Task An_address_that_becomes_another_in_small_letters_is_that_one()
    {
        await host.PostAsync("sign-up", new { email = "kim@example.com", password = "correct horse" });

        var again = await host.PostAsync("sign-up", new { email = "\u212Aim@example.com", password = "correct horse too" });

        await again.IsProblemAsync(HttpStatusCode.Conflict, "EMAIL_IN_USE", "auth");
        Assert.Equal("kim@example.com", await db.ScalarAsync<string>("select email from accounts"));
    }
}
