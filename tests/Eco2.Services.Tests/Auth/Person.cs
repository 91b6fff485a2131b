using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Auth.SecondFactor;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Auth;

/// <summary>Somebody with an account, one session and, perhaps, an authenticator app.</summary>
internal sealed partial class Person(ServiceHost host, string email)
{
    public const string Password = "correct horse";

    public string Email { get; } = email;

    public Guid Id { get; private set; }

    public Guid Session { get; private set; }

    /// <summary>Of the app, once the second factor is on.</summary>
    public byte[] Secret { get; private set; } = [];

    public IReadOnlyList<string> BackupCodes { get; private set; } = [];

    public IReadOnlyList<string> Roles { get; private set; } = [];

    public string RefreshToken { get; private set; } = "";

    public static async Task<Person> SignUpAsync(ServiceHost host, string email, params (string Name, string Value)[] headers)
    {
        var person = new Person(host, email);
        var answer = await host.PostAsync("sign-up", new { email, password = Password }, headers);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        await person.TakeAsync(answer);
        return person;
    }

    public Task<HttpResponseMessage> SignInAsync(string password = Password, params (string Name, string Value)[] headers) =>
        host.PostAsync("sign-in", new { email = Email, password }, headers);

    public async Task<string> ChallengeAsync()
    {
        var answer = await SignInAsync();
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        return (await answer.JsonAsync()).GetProperty("challenge").GetString()!;
    }

    public Task<HttpResponseMessage> AnswerAsync(string challenge, string code) => host.PostAsync("second-factor", new { challenge, code });

    /// <summary>The session of this answer is the one that is used from now on.</summary>
    public async Task TakeAsync(HttpResponseMessage answer)
    {
        var body = await answer.JsonAsync();
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(body.GetProperty("access_token").GetString()!.Split('.')[1])).RootElement;
        Id = claims.GetProperty("sub").GetGuid();
        Session = claims.GetProperty("sid").GetGuid();
        Roles = [.. claims.GetProperty("roles").EnumerateArray().Select(r => r.GetString()!)];
        RefreshToken = body.GetProperty("refresh_token").GetString()!;
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null)
    {
        var request = new HttpRequestMessage(method, $"/api/v1/auth/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-User-Id", Id.ToString());
        request.Headers.Add("X-Session-Id", Session.ToString());
        return host.Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body);

    public async Task<JsonElement> AccountAsync() => await (await SendAsync(HttpMethod.Get, "account")).JsonAsync();

    /// <summary>As if the link of the mail had been used.</summary>
    public async Task VerifyAsync(Npgsql.NpgsqlDataSource db)
    {
        await using var verify = db.CreateCommand($"update accounts set email_verified_at = now() where id = '{Id}'");
        await verify.ExecuteNonQueryAsync();
    }

    public async Task TurnSecondFactorOnAsync(Npgsql.NpgsqlDataSource db, TimeProvider clock)
    {
        await VerifyAsync(db);
        var started = await PostAsync("totp", new { password = Password });
        Assert.Equal(HttpStatusCode.Created, started.StatusCode);
        Secret = Decode((await started.JsonAsync()).GetProperty("secret").GetString()!);
        var confirmed = await PostAsync("totp/confirm", new { code = Code(clock) });
        Assert.Equal(HttpStatusCode.OK, confirmed.StatusCode);
        BackupCodes = [.. (await confirmed.JsonAsync()).GetProperty("backup_codes").EnumerateArray().Select(c => c.GetString()!)];
    }

    public string Code(TimeProvider clock, int steps = 0) => Totp.CodeAt(Secret, Totp.StepAt(clock.GetUtcNow()) + steps);

    /// <summary>The links of the mails of a kind that lie in the folder, oldest first; waits until there are so many.</summary>
    public async Task<IReadOnlyList<string>> LinksAsync(string folder, string kind, int count)
    {
        string[] files = [];
        await Eventually.TrueAsync(
            () => (files = Directory.Exists(Path.Combine(folder, Email)) ? [.. Directory.GetFiles(Path.Combine(folder, Email), $"*-{kind}-*.html").Order(StringComparer.Ordinal)] : []).Length >= count,
            $"{count} mails of {kind}");
        return [.. files.Select(file => Token().Match(File.ReadAllText(file)).Groups[1].Value)];
    }

    public static byte[] Decode(string base32)
    {
        var bits = string.Concat(base32.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. bits.Chunk(8).Where(b => b.Length == 8).Select(b => Convert.ToByte(new string(b), 2))];
    }

    [GeneratedRegex("token=([A-Za-z0-9_-]{43})")]
    private static partial Regex Token();
}
