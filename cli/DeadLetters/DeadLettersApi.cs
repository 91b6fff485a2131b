using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Eco2.Cli.Scan;
using Eco2.Contracts;
using Eco2.Contracts.DeadLetters;

namespace Eco2.Cli.DeadLetters;

/// <summary>The routes of dead letters.</summary>
internal sealed class DeadLettersApi(ApiSession session)
{
    private const string Path = "/api/v1/dead-letters";

    public async IAsyncEnumerable<DeadLetter> ListAsync(string? topic, string? state, [EnumeratorCancellation] CancellationToken ct)
    {
        string? cursor = null;
        do
        {
            var query = string.Concat(new[] { ("topic", topic), ("state", state), ("cursor", cursor) }
                .Where(pair => pair.Item2 is not null)
                .Select(pair => $"&{pair.Item1}={Uri.EscapeDataString(pair.Item2!)}"));
            using var response = await session.SendAsync(HttpMethod.Get, $"{Path}?limit=200{query}", null, "The dead letters could not be listed", ct);
            var page = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.DeadLetterPage, ct))!;
            foreach (var letter in page.Letters)
            {
                yield return letter;
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    public async Task<DeadLetterContent> ShowAsync(Guid id, CancellationToken ct)
    {
        using var response = await session.SendAsync(HttpMethod.Get, $"{Path}/{id}", null, $"{id} could not be shown", ct);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.DeadLetterContent, ct))!;
    }

    public async Task ReplayAsync(Guid id, CancellationToken ct) =>
        (await session.SendAsync(HttpMethod.Post, $"{Path}/{id}/replay", null, $"{id} could not be published again", ct)).Dispose();

    public async Task DiscardAsync(Guid id, CancellationToken ct) =>
        (await session.SendAsync(HttpMethod.Delete, $"{Path}/{id}", null, $"{id} could not be discarded", ct)).Dispose();

    /// <summary>A request at a time, until none is left that was there at the first one.</summary>
    public async Task<(int Replayed, int Failed)> ReplayAllAsync(string? topic, Action<string> detail, CancellationToken ct)
    {
        var (replayed, request) = (0, new ReplayDeadLettersRequest(topic, null, null, 200));
        while (true)
        {
            using var response = await session.SendAsync(
                HttpMethod.Post, $"{Path}/replay", JsonContent.Create(request, ContractsJson.Default.ReplayDeadLettersRequest), "The dead letters could not be published again", ct);
            var answer = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.ReplayedDeadLetters, ct))!;
            replayed += answer.Replayed;
            detail($"{replayed} so far");
            if (!answer.More || answer.Failed > 0)
            {
                return (replayed, answer.Failed);
            }

            request = request with { Before = answer.Before };
        }
    }
}
