using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>An account's life as a browser lives it: cookies, the gateway, and the links of real mails.</summary>
[Collection(SharedSystem.Name)]
public sealed partial class AccountJourneyTests(EcoSystem system)
{
    private const string First = "a long enough passphrase 42", Second = "another passphrase, quite as long";

    [Fact]
    public async Task From_sign_up_over_mail_and_second_factor_to_a_reset_that_ends_every_session()
    {
        var email = $"journey-{Guid.CreateVersion7():N}@eco2.example";
        using var phone = Browser();
        using var laptop = Browser();

        // Sign up, and verify the address by the mail.
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(phone, "sign-up", new { email, password = First })).StatusCode);
        Assert.False((await AccountAsync(phone)).GetProperty("email_verified").GetBoolean());
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(phone, "email/verify", new { token = await LinkAsync(email, "verify-email") })).StatusCode);
        Assert.True((await AccountAsync(phone)).GetProperty("email_verified").GetBoolean());

        // Turn the second factor on.
        var started = await JsonAsync(await PostAsync(phone, "totp", new { password = First }));
        var secret = started.GetProperty("secret").GetString()!;
        Assert.StartsWith("otpauth://totp/", started.GetProperty("otpauth_uri").GetString(), StringComparison.Ordinal);
        var step = Step();
        var codes = (await JsonAsync(await PostAsync(phone, "totp/confirm", new { code = Code(secret, step) }))).GetProperty("backup_codes");
        Assert.Equal(10, codes.GetArrayLength());

        // Sign out: the door is closed.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(phone, "logout", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await phone.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative))).StatusCode);

        // Sign in: the password alone opens nothing.
        var asked = await PostAsync(phone, "sign-in", new { email, password = First });
        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await phone.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative))).StatusCode);
        var challenge = (await JsonAsync(asked)).GetProperty("challenge").GetString();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync(phone, "second-factor", new { challenge, code = Code(secret, step) })).StatusCode);
        // The next step's code is good half a minute early.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(phone, "second-factor", new { challenge, code = Code(secret, step + 1) })).StatusCode);
        challenge = (await JsonAsync(await PostAsync(laptop, "sign-in", new { email, password = First }))).GetProperty("challenge").GetString();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(laptop, "second-factor", new { challenge, code = codes[0].GetString() })).StatusCode);
        Assert.Equal(9, (await AccountAsync(laptop)).GetProperty("backup_codes_left").GetInt32());

        // Forget the password.
        using var nobody = Browser();
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(nobody, "password/forgot", new { email })).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(nobody, "password/reset", new { token = await LinkAsync(email, "reset-password"), password = Second })).StatusCode);

        foreach (var browser in (HttpClient[])[phone, laptop])
        {
            await Eventually.TrueAsync(
                async () => (await browser.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative))).StatusCode == HttpStatusCode.Unauthorized, "the session has ended at the edge");
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(browser, "refresh", null)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(nobody, "sign-in", new { email, password = First })).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(nobody, "sign-in", new { email, password = Second })).StatusCode);
    }

    private HttpClient Browser()
    {
        var browser = new HttpClient(new SocketsHttpHandler { UseCookies = true, CookieContainer = new CookieContainer() }) { BaseAddress = system.Url };
        browser.DefaultRequestHeaders.Add("X-Requested-With", "eco2");
        return browser;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient browser, string path, object? body) =>
        browser.PostAsync(new Uri($"/api/v1/auth/{path}", UriKind.Relative), body is null ? null : JsonContent.Create(body));

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {text}");
        return JsonElement.Parse(text);
    }

    private static async Task<JsonElement> AccountAsync(HttpClient browser) => await JsonAsync(await browser.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative)));

    private async Task<string> LinkAsync(string email, string kind)
    {
        var folder = Path.Combine(system.State, "mail", email);
        string[] mails = [];
        await Eventually.TrueAsync(() => (mails = Directory.Exists(folder) ? Directory.GetFiles(folder, $"*-{kind}-*.html") : []).Length > 0, $"the mail {kind} is there");
        var link = Link().Match(await File.ReadAllTextAsync(mails.Single()));
        // It leads to where the page is.
        Assert.StartsWith($"{system.Url.GetLeftPart(UriPartial.Authority)}/#/{kind}?", link.Value, StringComparison.Ordinal);
        return link.Groups[1].Value;
    }

    internal static long Step() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 30;

    internal static string Code(string base32, long step)
    {
        var bits = string.Concat(base32.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        byte[] secret = [.. bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // The standard says SHA-1.
        var hash = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        return ((BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & int.MaxValue) % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("http[^\"<]*token=([A-Za-z0-9_-]{43})")]
    private static partial Regex Link();
}
