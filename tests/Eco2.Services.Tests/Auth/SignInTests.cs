using System.Net;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class SignInTests : AuthTest
{
    private protected override string[] Settings => ["Auth:FreeAttempts=3"];

    [Fact]
    public async Task An_unknown_account_and_a_wrong_password_get_the_same_answer()
    {
        await host.PostAsync("sign-up", new { email = "known@example.com", password = "correct horse" });

        var wrong = await host.PostAsync("sign-in", new { email = "known@example.com", password = "wrong horse" });
        var unknown = await host.PostAsync("sign-in", new { email = "unknown@example.com", password = "wrong horse" });
        var nonsense = await host.PostAsync("sign-in", new { email = "nonsense", password = "wrong horse" });

        var texts = new List<string>();
        foreach (var answer in (HttpResponseMessage[])[wrong, unknown, nonsense])
        {
            var problem = await answer.IsProblemAsync(HttpStatusCode.Unauthorized, "INVALID_CREDENTIALS", "auth");
            texts.Add(problem.GetProperty("title").GetString()! + problem.EnumerateObject().Count());
        }

        Assert.Single(texts.Distinct());
    }

    [Fact]
    public async Task Guesses_sent_at_once_are_bounded_and_the_bound_ends()
    {
        await host.PostAsync("sign-up", new { email = "guess@example.com", password = "correct horse" });

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => host.PostAsync("sign-in", new { email = "guess@example.com", password = $"wrong horse {i}" })));
        var checkedAtAll = answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized);
        var blocked = await host.PostAsync("sign-in", new { email = "guess@example.com", password = "correct horse" });
        clock.Advance(TimeSpan.FromSeconds(2));
        var later = await host.PostAsync("sign-in", new { email = "guess@example.com", password = "correct horse" });
        var afterwards = await host.PostAsync("sign-in", new { email = "guess@example.com", password = "wrong horse" });

        Assert.InRange(checkedAtAll, 1, 3);
        await blocked.IsProblemAsync(HttpStatusCode.TooManyRequests, "RATE_LIMITED", "auth");
        Assert.NotNull(blocked.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, afterwards.StatusCode);
    }

    [Fact]
    public async Task Guesses_from_another_address_do_not_lock_the_owner_out()
    {
        await host.PostAsync("sign-up", new { email = "owner@example.com", password = "correct horse" });
        for (var i = 0; i < 5; i++)
        {
            await host.PostAsync("sign-in", new { email = "owner@example.com", password = "wrong horse" }, ("X-Client-Address", "203.0.113.9"));
        }

        var owner = await host.PostAsync("sign-in", new { email = "owner@example.com", password = "correct horse" }, ("X-Client-Address", "198.51.100.1"));

        Assert.Equal(HttpStatusCode.OK, owner.StatusCode);
    }

    [Fact]
    public async Task A_hash_of_fewer_rounds_is_renewed_at_sign_in()
    {
        await host.PostAsync("sign-up", new { email = "old@example.com", password = "correct horse" });
        var before = await db.ScalarAsync<string>("select password_hash from accounts where email = 'old@example.com'");
        await using var stronger = await ServiceHost.StartAsync(
            Eco2.Auth.Program.Build, db.ConnectionString, clock, "Auth:PasswordIterations=2000");

        var answer = await stronger.PostAsync("sign-in", new { email = "old@example.com", password = "correct horse" });

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.NotEqual(before, await db.ScalarAsync<string>("select password_hash from accounts where email = 'old@example.com'"));
        Assert.Equal(HttpStatusCode.OK, (await stronger.PostAsync("sign-in", new { email = "old@example.com", password = "correct horse" })).StatusCode);
    }

    [Fact]
    public async Task An_access_token_says_who_and_verifies_with_the_published_key()
    {
        var body = await (await host.PostAsync("sign-up", new { email = "claims@example.com", password = "correct horse" })).JsonAsync();
        var keys = await (await host.Client.GetAsync(new Uri("/api/v1/auth/.well-known/jwks.json", UriKind.Relative))).JsonAsync();

        var parts = body.GetProperty("access_token").GetString()!.Split('.');
        var header = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[0])).RootElement;
        var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1])).RootElement;
        var key = Assert.Single(keys.GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() == header.GetProperty("kid").GetString());
        Assert.False(key.TryGetProperty("d", out _));
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        using var pair = System.Security.Cryptography.ECDsa.Create(new System.Security.Cryptography.ECParameters
        {
            Curve = System.Security.Cryptography.ECCurve.NamedCurves.nistP256,
            Q = { X = System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("x").GetString()), Y = System.Buffers.Text.Base64Url.DecodeFromChars(key.GetProperty("y").GetString()) },
        });
        Assert.True(pair.VerifyData(System.Text.Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), System.Buffers.Text.Base64Url.DecodeFromChars(parts[2]), System.Security.Cryptography.HashAlgorithmName.SHA256));
        Assert.Equal(body.GetProperty("user_id").GetGuid(), claims.GetProperty("sub").GetGuid());
        Assert.Equal("access", claims.GetProperty("type").GetString());
        Assert.Equal(900, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        foreach (var name in (string[])["jti", "sid", "provider", "roles", "iss", "aud", "nbf"])
        {
            Assert.True(claims.TryGetProperty(name, out _), name);
        }
    }
}
