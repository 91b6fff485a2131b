using System.Net;
using Dapr.Client;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;

namespace Eco2.Worker.Privacy;

/// <summary>The apps that know something of a user.</summary>
internal sealed class Apps : IDisposable
{
    private readonly Dictionary<string, HttpClient> byStep;
    private readonly HttpClient my;
    private readonly WireJson json;

    public Apps(DaprClient dapr, WireJson json)
    {
        this.json = json;
        my = dapr.CreateInvokableHttpClient("my");
        byStep = new Dictionary<string, HttpClient>
        {
            ["account"] = dapr.CreateInvokableHttpClient("auth"),
            ["profile"] = my,
            ["scans"] = dapr.CreateInvokableHttpClient("scan"),
            ["pictures"] = dapr.CreateInvokableHttpClient("image"),
            ["characters"] = dapr.CreateInvokableHttpClient("character"),
        };
    }

    /// <summary>Steps that are one app's.</summary>
    internal IReadOnlyCollection<string> Steps => byStep.Keys;

    internal async Task CloseAsync(string step, Guid userId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/users/{userId:D}/closed");
        using var answer = await byStep[step].SendAsync(request, ct);
        answer.EnsureSuccessStatusCode();
    }

    internal async IAsyncEnumerable<UserDataPage> ReadAsync(string step, Guid userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var cursor = "";
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/internal/users/{userId:D}/data?cursor={Uri.EscapeDataString(cursor)}");
            using var answer = await byStep[step].SendAsync(request, ct);
            answer.EnsureSuccessStatusCode();
            var page = (await answer.Content.ReadFromJsonAsync<UserDataPage>(json.Options, ct))!;
            yield return page;
            if (page.Next is null)
            {
                yield break;
            }

            cursor = page.Next;
        }
    }

    internal async Task<IReadOnlyDictionary<string, long>> EraseAsync(string step, Guid userId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/internal/users/{userId:D}/data");
        using var answer = await byStep[step].SendAsync(request, ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<ErasedUser>(json.Options, ct))!.Removed;
    }

    /// <returns>False when nobody waits for the request any more.</returns>
    internal async Task<bool> TellAsync(Guid requestId, string step, PrivacyProgress progress, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/privacy/{requestId:D}/steps/{step}") { Content = JsonContent.Create(progress, options: json.Options) };
        using var answer = await my.SendAsync(request, ct);
        return IsWanted(answer);
    }

    /// <returns>As of <see cref="TellAsync"/>.</returns>
    internal async Task<bool> EndAsync(Guid requestId, PrivacyEnd end, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/privacy/{requestId:D}/end") { Content = JsonContent.Create(end, options: json.Options) };
        using var answer = await my.SendAsync(request, ct);
        return IsWanted(answer);
    }

    public void Dispose()
    {
        foreach (var client in byStep.Values)
        {
            client.Dispose();
        }
    }

    private static bool IsWanted(HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        answer.EnsureSuccessStatusCode();
        return true;
    }
}
