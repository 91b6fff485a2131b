using Dapr.Client;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;

namespace Eco2.My.Privacy;

/// <summary>The histories that the worker's runtime keeps.</summary>
internal sealed class Histories(DaprClient dapr, WireJson json) : IDisposable
{
    private readonly HttpClient worker = dapr.CreateInvokableHttpClient("worker");

    /// <summary>Removes histories; those that are gone already are no error.</summary>
    /// <returns>Those that could not be removed now.</returns>
    /// <exception cref="HttpRequestException">The worker is away: some may be left, ask again.</exception>
    internal async Task<IReadOnlyList<string>> ForgetAsync(IReadOnlyList<string> instanceIds, CancellationToken ct)
    {
        using var content = JsonContent.Create(new ForgetHistories(instanceIds), options: json.Options);
        using var answer = await worker.PostAsync(new Uri("/internal/histories/forget", UriKind.Relative), content, ct);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<HistoriesForgotten>(json.Options, ct))!.Left;
    }

    public void Dispose() => worker.Dispose();
}
