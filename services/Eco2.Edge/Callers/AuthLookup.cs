using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Eco2.Edge.Callers;

/// <summary>Asks auth whom a key or a stranger's subject stands for, and believes the answer for 5 s: no longer does what was revoked still open. Of many who
/// ask the same at once one asks.</summary>
internal sealed class AuthLookup(SidecarClient sidecar, TimeProvider clock)
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private const int Many = 10_000;

    private readonly ConcurrentDictionary<string, Asked> answers = new(StringComparer.Ordinal);

    /// <param name="KeyId">Of the key.</param>
    /// <param name="UserId">The account.</param>
    /// <param name="Roles">Its roles.</param>
    /// <param name="Scopes">What the key may do.</param>
    /// <param name="ExpiresAt">When the key ends; null: never.</param>
    internal sealed record Answer(Guid? KeyId, Guid UserId, IReadOnlyList<string>? Roles, IReadOnlyList<string>? Scopes, DateTimeOffset? ExpiresAt);

    private sealed record Asked(Task<Answer?> Answer, long At);

    /// <summary>True where auth need not be asked.</summary>
    public bool Knows(string question) => answers.TryGetValue(KeyOf(question), out var asked) && clock.GetElapsedTime(asked.At) < Believed;

    /// <param name="question">What tells this question from others; kept as a hash only.</param>
    /// <param name="ask">Makes the request.</param>
    /// <param name="body">What is sent with it.</param>
    /// <param name="ct">The caller's; the question goes on for the others.</param>
    /// <returns>Null: nobody.</returns>
    /// <exception cref="HttpRequestException">auth is away.</exception>
    public async Task<Answer?> AskAsync(string question, Func<HttpRequestMessage> ask, object body, CancellationToken ct)
    {
        var key = KeyOf(question);
        if (!answers.TryGetValue(key, out var asked) || clock.GetElapsedTime(asked.At) >= Believed)
        {
            if (answers.Count >= Many)
            {
                answers.Clear();
            }

            var promise = new TaskCompletionSource<Answer?>(TaskCreationOptions.RunContinuationsAsynchronously);
            var mine = new Asked(promise.Task, clock.GetTimestamp());
            var won = asked is null ? answers.TryAdd(key, mine) : answers.TryUpdate(key, mine, asked);
            if (won)
            {
                asked = mine;
                _ = FetchAsync(key, mine, promise, ask, body);
            }
            else if (!answers.TryGetValue(key, out asked))
            {
                throw new HttpRequestException("auth could not be asked.");
            }
        }

        return await asked.Answer.WaitAsync(ct);
    }

    private async Task FetchAsync(string key, Asked mine, TaskCompletionSource<Answer?> promise, Func<HttpRequestMessage> ask, object body)
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience, clock);
            using var request = ask();
            request.Content = JsonContent.Create(body, options: Json);
            using var answer = await sidecar.SendAsync(request, limit.Token);
            promise.SetResult(answer.StatusCode switch
            {
                HttpStatusCode.OK => await answer.Content.ReadFromJsonAsync<Answer>(Json, limit.Token),
                HttpStatusCode.NotFound or HttpStatusCode.BadRequest => null,
                var status => throw new HttpRequestException($"auth says {(int)status}."),
            });
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            // The next one asks again.
            answers.TryRemove(KeyValuePair.Create(key, mine));
            promise.SetException(new HttpRequestException("auth could not be asked.", e));
        }
    }

    private static string KeyOf(string question) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(question)));

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
