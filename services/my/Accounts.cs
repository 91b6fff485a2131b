using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;

namespace Eco2.My;

/// <summary>The app auth, which lets people in.</summary>
internal sealed class Accounts(DaprClient dapr, WireJson json) : IDisposable
{
    private readonly HttpClient auth = dapr.CreateInvokableHttpClient("auth");

    /// <summary>From now on nobody signs in with this account, and its sessions are over. Can be repeated.</summary>
    public async Task LockAsync(Guid userId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/users/{userId:D}/closed");
        using var answer = await auth.SendAsync(request, ct);
        answer.EnsureSuccessStatusCode();
    }

    /// <returns>Null when there is none, or no account any more.</returns>
    /// <exception cref="HttpRequestException">It cannot be asked now.</exception>
    public async Task<string?> NicknameAsync(Guid userId, CancellationToken ct)
    {
        using var answer = await auth.GetAsync(new Uri($"/internal/nicknames/{userId:D}", UriKind.Relative), ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<AccountNickname>(json.Options, ct))!.Nickname;
    }

    public void Dispose() => auth.Dispose();
}
