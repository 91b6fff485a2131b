using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dapr.Client;
using Eco2.Auth.Keys;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class SigningKeysTests : AuthTest
{
    [Fact]
    public async Task A_rotated_key_is_published_at_once_signs_later_and_the_old_one_verifies_until_its_tokens_have_expired()
    {
        var old = KidOf(await SignInAsync(host, "sign-up"));

        var rotated = await RotateAsync();
        var next = (await rotated.JsonAsync()).GetProperty("kid").GetString()!;

        Assert.Equal(HttpStatusCode.Created, rotated.StatusCode);
        Assert.Equal([old, next], await PublishedAsync(host));
        Assert.Equal(old, KidOf(await SignInAsync(host)));
        clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(old, KidOf(await SignInAsync(host)));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(next, KidOf(await SignInAsync(host)));
        // The last token of the old key lives for 14 more minutes.
        clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal([old, next], await PublishedAsync(host));
        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal([next], await PublishedAsync(host));
    }

    [Fact]
    public async Task A_replica_that_did_not_rotate_knows_the_new_key_before_any_token_is_signed_with_it()
    {
        await using var other = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, db.ConnectionString, clock, "Auth:PasswordIterations=1000");
        await SignInAsync(host, "sign-up");
        await SignInAsync(other);
        await RotateAsync();

        for (var minute = 0; minute < 40; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            foreach (var (signer, verifier) in new[] { (host, other), (other, host) })
            {
                Assert.Contains(KidOf(await SignInAsync(signer)), await PublishedAsync(verifier));
            }
        }
    }

    [Fact]
    public async Task Commands_that_come_together_make_one_key()
    {
        await SignInAsync(host, "sign-up");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RotateAsync()));

        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Created);
        Assert.Equal(2, (await PublishedAsync(host)).Count);
    }

    [Fact]
    public async Task Only_an_admin_may_rotate_or_look()
    {
        foreach (var (method, path) in new[] { (HttpMethod.Post, "signing-keys"), (HttpMethod.Get, "signing-keys") })
        {
            await (await SendAsync(method, path, "user")).IsProblemAsync(HttpStatusCode.Forbidden, "FORBIDDEN", "auth");
        }

        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from signing_keys"));
        await SignInAsync(host, "sign-up");
        await RotateAsync();
        var keys = (await (await SendAsync(HttpMethod.Get, "signing-keys", "user,admin")).JsonAsync()).GetProperty("keys");
        Assert.Equal(["signing", "next"], keys.EnumerateArray().Select(k => k.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task Private_keys_lie_encrypted_and_one_from_before_is_encrypted_without_signing_anybody_out()
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using (var insert = db.CreateCommand("insert into signing_keys values ('from-before', 'ES256', $1, '2026-02-01', '2026-08-01')"))
        {
            insert.Parameters.Add(new NpgsqlParameter { Value = pair.ExportPkcs8PrivateKey() });
            await insert.ExecuteNonQueryAsync();
        }

        var token = await SignInAsync(host, "sign-up");
        var stored = await db.ScalarAsync<byte[]>("select private_key from signing_keys");
        await using var replica = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, db.ConnectionString, clock, "Auth:PasswordIterations=1000");

        Assert.Equal("from-before", KidOf(token));
        Assert.True(pair.VerifyData(System.Text.Encoding.ASCII.GetBytes(string.Join('.', token.Split('.')[..2])), Base64Url.DecodeFromChars(token.Split('.')[2]), HashAlgorithmName.SHA256));
        Assert.Equal(1, stored[0]);
        Assert.Equal("from-before", KidOf(await SignInAsync(replica)));
    }

    [Fact]
    public async Task What_was_encrypted_opens_for_its_use_alone_with_its_key_alone()
    {
        var encryption = host.Services.GetRequiredService<Encryption>();
        byte[] secret = [1, 2, 3];
        var stored = await encryption.EncryptAsync(secret, "totp 1", default);
        byte[] changed = [.. stored[..^1], (byte)(stored[^1] ^ 1)];
        using var successor = new Encryption(Options("another-key-for-tests-0123456789-abcdef," + ServiceHost.EncryptionKey), host.Services.GetRequiredService<DaprClient>());
        using var stranger = new Encryption(Options("another-key-for-tests-0123456789-abcdef"), host.Services.GetRequiredService<DaprClient>());

        Assert.Equal(secret, await encryption.DecryptAsync(stored, "totp 1", default));
        Assert.Equal(secret, await successor.DecryptAsync(stored, "totp 1", default));
        Assert.NotEqual(stored, await encryption.EncryptAsync(secret, "totp 1", default));
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await encryption.DecryptAsync(stored, "totp 2", default));
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await encryption.DecryptAsync(changed, "totp 1", default));
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await stranger.DecryptAsync(stored, "totp 1", default));
        await Assert.ThrowsAnyAsync<CryptographicException>(async () => await encryption.DecryptAsync(await successor.EncryptAsync(secret, "totp 1", default), "totp 1", default));
    }

    private static Microsoft.Extensions.Options.IOptions<Eco2.Auth.AuthOptions> Options(string key) =>
        Microsoft.Extensions.Options.Options.Create(new Eco2.Auth.AuthOptions { EncryptionKey = key });

    private Task<HttpResponseMessage> RotateAsync() => SendAsync(HttpMethod.Post, "signing-keys", "user,admin");

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string roles)
    {
        var request = new HttpRequestMessage(method, $"/api/v1/auth/{path}");
        request.Headers.Add("X-User-Id", Guid.CreateVersion7().ToString());
        request.Headers.Add("X-User-Roles", roles);
        return host.Client.SendAsync(request);
    }

    private static async Task<string> SignInAsync(ServiceHost at, string how = "sign-in") =>
        (await (await at.PostAsync(how, new { email = "keys@example.com", password = "correct horse battery" })).JsonAsync()).GetProperty("access_token").GetString()!;

    private static async Task<List<string>> PublishedAsync(ServiceHost at) =>
        [.. (await (await at.Client.GetAsync(new Uri("/.well-known/jwks.json", UriKind.Relative))).JsonAsync()).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];

    private static string KidOf(string token) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString()!;
}
