using System.Net;

namespace Eco2.LoadGenerator;

/// <summary>The public API as the app uses it, written to cost little: many clients share one process with few allocations.
/// Every call goes on through refusals, broken connections and restarts until its deadline.</summary>
/// <param name="gateways">Addresses of the gateway's replicas; each connection takes one by chance.</param>
/// <param name="clock">For pauses and deadlines.</param>
public sealed partial class ScanClient(IReadOnlyList<Uri> gateways, TimeProvider clock) : IDisposable
{
    /// <summary>How long one request may take until its answer begins.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a call tries again before it throws.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Set, the addresses are those of an app and every call looks as if it came from the app's sidecar: this token, and the account's
    /// id as its verified identity. An account then needs no more than an id.</summary>
    public string? AppToken { get; init; }

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    public ScanClient(Uri gateway, TimeProvider clock)
        : this([gateway], clock)
    {
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, Account? account = null)
    {
        var gateway = gateways[gateways.Count == 1 ? 0 : Random.Shared.Next(gateways.Count)];
        var request = new HttpRequestMessage(method, new Uri(gateway, path)) { Version = HttpVersion.Version11 };
        if (AppToken is not null)
        {
            request.Headers.TryAddWithoutValidation("dapr-api-token", AppToken);
            request.Headers.TryAddWithoutValidation("X-User-Id", account?.UserId.ToString("D"));
        }
        else if (account is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", account.Bearer);
        }

        return request;
    }

    /// <summary>Returns with the headers of the answer.</summary>
    /// <exception cref="HttpRequestException">Nobody there, cut off, or too slow.</exception>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(AnswerTimeout);
        try
        {
            return await http.SendAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HttpRequestException($"No answer within {AnswerTimeout.TotalSeconds:0} s.");
        }
    }

    /// <summary>Sends until an answer comes that <paramref name="isFinal"/> takes. The caller disposes it.</summary>
    /// <exception cref="TimeoutException">Not within <see cref="Patience"/>.</exception>
    private async Task<HttpResponseMessage> UntilAsync(
        Func<HttpRequestMessage> make,
        Account? account,
        Func<HttpResponseMessage, bool> isFinal,
        CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            string why;
            TimeSpan? wanted = null;
            try
            {
                await RenewAsync(account, ct);
                using var request = make();
                var response = await SendAsync(request, ct);
                if (isFinal(response))
                {
                    return response;
                }

                (why, wanted) = ($"HTTP {(int)response.StatusCode}", response.Headers.RetryAfter?.Delta);
                Expire(account, response);
                response.Dispose();
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                why = e.Message;
            }

            if (clock.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"Not answered as wanted within {Patience.TotalSeconds:0} s; the last answer: {why}");
            }

            await PauseAsync(attempt, wanted, ct);
        }
    }

    private Task PauseAsync(int attempt, TimeSpan? wanted, CancellationToken ct)
    {
        var longest = TimeSpan.FromMilliseconds(Math.Min(100 * Math.Pow(2, attempt), LongestPause.TotalMilliseconds));
        return Task.Delay((wanted ?? TimeSpan.Zero) + (longest * (0.1 + (0.9 * Random.Shared.NextDouble()))), clock, ct);
    }

    private static void Expire(Account? account, HttpResponseMessage response)
    {
        if (account is not null && response.StatusCode == HttpStatusCode.Unauthorized)
        {
            account.ExpiresAt = default;
        }
    }
}
