using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Scan;

/// <summary>Signs the local user in, and makes an operator of it when a command needs that: its address verified, its second factor on.
/// The token is kept in the run's folder while it is good, because a code of the second factor works once in half a minute.</summary>
internal sealed partial class LocalSession(HttpClient http, Workspace workspace)
{
    private const string Waiting = "admin:second-factor";
    private static readonly TimeProvider Clock = TimeProvider.System;

    private sealed record Kept(string Url, string AccessToken, string RefreshToken);

    private string File => Path.Combine(workspace.State, "session.json");

    public async Task OpenAsync(CancellationToken ct)
    {
        if (await LoadAsync(ct) is { } kept && kept.Url == http.BaseAddress!.ToString())
        {
            Use(kept);
            if (await RolesAsync(ct) is not null)
            {
                return;
            }
        }

        http.DefaultRequestHeaders.Authorization = null;
        var user = await LocalUser.LoadOrCreateAsync(workspace.State, ct);
        var answer = await PostAsync("sign-in", new { email = user.Email, password = user.Password }, ct) ?? await PostAsync("sign-up", new { email = user.Email, password = user.Password }, ct)
            ?? throw new UserMessageException($"The local user in {workspace.State}/user.json can neither sign in nor sign up. Remove the file to get a new one.");
        await KeepAsync(answer.TryGetProperty("challenge", out var challenge) ? await SecondFactorAsync(user, challenge.GetString()!, ct) : answer, ct);
    }

    /// <summary>False when the local user is no admin here, whatever it shows.</summary>
    public async Task<bool> BecomeOperatorAsync(CancellationToken ct)
    {
        if (await RolesAsync(ct) is not { } roles || !roles.Contains(Waiting))
        {
            return false;
        }

        var user = await LocalUser.LoadOrCreateAsync(workspace.State, ct);
        await VerifyAsync(user, ct);
        if (!(await AccountAsync(ct)).GetProperty("second_factor").GetBoolean())
        {
            var secret = (await EnsureAsync("totp", new { password = user.Password }, ct)).GetProperty("secret").GetString()!;
            // Kept before it counts: a crash in between leaves an account without a second factor, not one that nobody can open.
            await (user with { TotpSecret = secret }).SaveAsync(workspace.State, ct);
            await EnsureAsync("totp/confirm", new { code = Authenticator.CodeAt(secret, Authenticator.StepAt(Clock.GetUtcNow())) }, ct);
        }

        // The role comes with the next token.
        var kept = (await LoadAsync(ct))!;
        await KeepAsync(await EnsureAsync("refresh", new { refresh_token = kept.RefreshToken }, ct), ct);
        return (await RolesAsync(ct))?.Contains("admin") == true;
    }

    /// <summary>A code counts once, so the next one is taken when somebody has just used this one; one of the coming half minute is good too.</summary>
    private async Task<JsonElement> SecondFactorAsync(LocalUser user, string challenge, CancellationToken ct)
    {
        var secret = user.TotpSecret ?? throw new UserMessageException($"The local user has a second factor that {workspace.State}/user.json does not hold.");
        var step = Authenticator.StepAt(Clock.GetUtcNow());
        for (var tries = 0; tries < 4; tries++, step++)
        {
            while (step > Authenticator.StepAt(Clock.GetUtcNow()) + 1)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(500), Clock, ct);
            }

            using var response = await http.PostAsJsonAsync("/api/v1/auth/second-factor", new { challenge, code = Authenticator.CodeAt(secret, step) }, ct);
            if (response.StatusCode != HttpStatusCode.UnprocessableEntity)
            {
                await ApiSession.EnsureAsync(response, "Signing in failed", ct);
                return await response.Content.ReadFromJsonAsync<JsonElement>(ct);
            }
        }

        throw new UserMessageException("Signing in failed: the codes of the local user's second factor are refused.");
    }

    /// <summary>The mail lies in the run's folder, unless the target has a mailer.</summary>
    private async Task VerifyAsync(LocalUser user, CancellationToken ct)
    {
        var folder = Path.Combine(workspace.State, "mail", user.Email);
        var tried = new HashSet<string>();
        var asked = false;
        await Until.TrueAsync(
            async () =>
            {
                if ((await AccountAsync(ct)).GetProperty("email_verified").GetBoolean())
                {
                    return true;
                }

                var newest = Directory.Exists(folder) ? Directory.GetFiles(folder, "*-verify-email-*.html").Order(StringComparer.Ordinal).LastOrDefault() : null;
                if (newest is not null && tried.Add(newest) && Token().Match(await System.IO.File.ReadAllTextAsync(newest, ct)) is { Success: true } link)
                {
                    using var response = await http.PostAsJsonAsync("/api/v1/auth/email/verify", new { token = link.Groups[1].Value }, ct);
                }
                else if (!asked)
                {
                    asked = true;
                    await EnsureAsync("email/verification", new { }, ct);
                }

                return false;
            },
            $"This needs an admin, and the address of the local user ({user.Email}) is not verified: there is no mail in {folder}. Open the link in it, then try again.",
            Clock,
            ct,
            seconds: 15);
    }

    private async Task<JsonElement> AccountAsync(CancellationToken ct)
    {
        using var response = await http.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative), ct);
        await ApiSession.EnsureAsync(response, "The local user could not be read", ct);
        return await response.Content.ReadFromJsonAsync<JsonElement>(ct);
    }

    /// <summary>Null when the token is not good any more.</summary>
    private async Task<List<string>?> RolesAsync(CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/api/v1/auth/account", UriKind.Relative), ct);
            return response.IsSuccessStatusCode
                ? [.. (await response.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("roles").EnumerateArray().Select(role => role.GetString()!)]
                : null;
        }
        catch (HttpRequestException)
        {
            throw new UserMessageException($"Nothing answers at {http.BaseAddress}. Is ./eco2 up running?");
        }
    }

    /// <summary>Null when there is no such account yet, or there is one already.</summary>
    private async Task<JsonElement?> PostAsync(string path, object body, CancellationToken ct)
    {
        try
        {
            using var response = await http.PostAsJsonAsync($"/api/v1/auth/{path}", body, ct);
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Conflict)
            {
                return null;
            }

            await ApiSession.EnsureAsync(response, "Signing in failed", ct);
            return await response.Content.ReadFromJsonAsync<JsonElement>(ct);
        }
        catch (HttpRequestException)
        {
            throw new UserMessageException($"Nothing answers at {http.BaseAddress}. Is ./eco2 up running?");
        }
    }

    private async Task<JsonElement> EnsureAsync(string path, object body, CancellationToken ct)
    {
        using var response = await http.PostAsJsonAsync($"/api/v1/auth/{path}", body, ct);
        await ApiSession.EnsureAsync(response, $"/auth/{path} was refused", ct);
        return response.Content.Headers.ContentLength is 0 or null && response.StatusCode == HttpStatusCode.Accepted ? default : await response.Content.ReadFromJsonAsync<JsonElement>(ct);
    }

    private async Task<Kept?> LoadAsync(CancellationToken ct)
    {
        try
        {
            return System.IO.File.Exists(File) ? JsonSerializer.Deserialize<Kept>(await System.IO.File.ReadAllTextAsync(File, ct)) : null;
        }
        catch (JsonException)
        {
            // Half written by a command that was killed: signing in again makes a new one.
            return null;
        }
    }

    private async Task KeepAsync(JsonElement answer, CancellationToken ct)
    {
        var kept = new Kept(http.BaseAddress!.ToString(), answer.GetProperty("access_token").GetString()!, answer.GetProperty("refresh_token").GetString()!);
        await using (var stream = LocalUser.Open(File, FileMode.Create))
        {
            await JsonSerializer.SerializeAsync(stream, kept, cancellationToken: ct);
        }

        Use(kept);
    }

    private void Use(Kept kept) => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", kept.AccessToken);

    [GeneratedRegex("token=([A-Za-z0-9_-]{43})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
