using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Eco2.Contracts;
using Eco2.Contracts.Image;

namespace Eco2.LoadGenerator;

public sealed partial class ScanClient
{
    /// <summary>Makes an account; one that exists is signed in.</summary>
    public async Task<Account> SignUpAsync(string email, string password, CancellationToken ct)
    {
        var account = new Account { Email = email, Password = password };
        if (!await OpenSessionAsync(account, "sign-up", ct) && !await OpenSessionAsync(account, "sign-in", ct))
        {
            throw new InvalidOperationException($"{email} can neither sign up nor sign in.");
        }

        return account;
    }

    /// <summary>Uploads a JPEG and adds it to the account's pictures.</summary>
    public async Task<StoredImage> UploadAsync(Account account, ReadOnlyMemory<byte> jpeg, CancellationToken ct)
    {
        using var response = await UntilAsync(Make, account, answer => answer.StatusCode == HttpStatusCode.Created, ct);
        var stored = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.StoredImage, ct))!;
        lock (account.Pictures)
        {
            account.Pictures.Add(stored.Key);
        }

        return stored;

        HttpRequestMessage Make()
        {
            var request = Request(HttpMethod.Put, "/api/v1/images/scan", account);
            request.Content = new ReadOnlyMemoryContent(jpeg);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
            return request;
        }
    }

    /// <summary>What the account has won, as its own API shows it.</summary>
    public async Task<IReadOnlyList<OwnedCharacter>> CharactersAsync(Account account, CancellationToken ct)
    {
        using var response = await UntilAsync(
            () => Request(HttpMethod.Get, "/api/v1/users/me/characters", account), account, answer => answer.IsSuccessStatusCode, ct);
        return (await response.Content.ReadFromJsonAsync(AccountJson.Default.ListOwnedCharacter, ct))!;
    }

    /// <summary>Renews tokens that end within a minute: with the refresh token, and where its answer got lost with the password.</summary>
    public async Task RenewAsync(Account? account, CancellationToken ct)
    {
        if (account is null || AppToken is not null || !EndsSoon(account))
        {
            return;
        }

        await account.Renewing.WaitAsync(ct);
        try
        {
            if (EndsSoon(account) && !await RefreshAsync(account, ct) && !await OpenSessionAsync(account, "sign-in", ct))
            {
                throw new InvalidOperationException($"{account.Email} cannot sign in any more.");
            }
        }
        finally
        {
            account.Renewing.Release();
        }
    }

    private bool EndsSoon(Account account) => account.ExpiresAt - clock.GetUtcNow() < TimeSpan.FromMinutes(1);

    private async Task<bool> RefreshAsync(Account account, CancellationToken ct)
    {
        if (account.RefreshToken == "")
        {
            return false;
        }

        using var request = Request(HttpMethod.Post, "/api/v1/auth/refresh");
        request.Content = JsonContent.Create(new Renewal(account.RefreshToken), AccountJson.Default.Renewal);
        // It works once: whatever comes back now, it is not sent again.
        account.RefreshToken = "";
        using var response = await SendAsync(request, ct);
        return response.StatusCode == HttpStatusCode.Created && await TakeAsync(account, response, ct);
    }

    /// <summary>False when the system says no.</summary>
    private async Task<bool> OpenSessionAsync(Account account, string how, CancellationToken ct)
    {
        using var response = await UntilAsync(
            Make,
            null,
            answer => answer.IsSuccessStatusCode || answer.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest,
            ct);
        return response.IsSuccessStatusCode && await TakeAsync(account, response, ct);

        HttpRequestMessage Make()
        {
            var request = Request(HttpMethod.Post, $"/api/v1/auth/{how}");
            request.Content = JsonContent.Create(new Credentials(account.Email, account.Password), AccountJson.Default.Credentials);
            return request;
        }
    }

    private async Task<bool> TakeAsync(Account account, HttpResponseMessage response, CancellationToken ct)
    {
        var session = (await response.Content.ReadFromJsonAsync(AccountJson.Default.Session, ct))!;
        (account.UserId, account.AccessToken, account.RefreshToken) = (session.UserId, session.AccessToken, session.RefreshToken);
        account.ExpiresAt = clock.GetUtcNow().AddSeconds(session.ExpiresIn);
        return true;
    }
}
