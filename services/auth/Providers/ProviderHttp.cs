using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Eco2.Auth.Providers;

/// <summary>Calls to providers: bounded in time and size, without redirects, tried again where that is safe, and left alone for a moment when one fails too often.
/// Every failure leaves as a <see cref="ProviderException"/>.</summary>
internal sealed class ProviderHttp(IOptions<ProvidersOptions> options, TimeProvider clock) : IDisposable
{
    private const int MaxAnswerBytes = 256 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private readonly ConcurrentDictionary<(string Provider, bool Repeatable), ResiliencePipeline<JsonDocument>> pipelines = [];

    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(5), MaxResponseHeadersLength = 32,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    public Task<JsonDocument> GetAsync(string provider, Uri address, string? bearer, CancellationToken ct) =>
        SendAsync(provider, () => new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer) } }, true, ct);

    /// <summary>A code works once: it is sent again only when it cannot have arrived.</summary>
    public Task<JsonDocument> PostAsync(string provider, Uri address, IReadOnlyDictionary<string, string> form, string? basic, CancellationToken ct) =>
        SendAsync(
            provider,
            () => new HttpRequestMessage(HttpMethod.Post, address)
            {
                Content = new FormUrlEncodedContent(form), Headers = { Authorization = basic is null ? null : new AuthenticationHeaderValue("Basic", basic) },
            },
            false,
            ct);

    public void Dispose() => http.Dispose();

    private async Task<JsonDocument> SendAsync(string provider, Func<HttpRequestMessage> request, bool repeatable, CancellationToken ct)
    {
        try
        {
            return await pipelines.GetOrAdd((provider, repeatable), key => Pipeline(key.Repeatable)).ExecuteAsync(async token => await OnceAsync(request, token), ct);
        }
        catch (TimeoutRejectedException e)
        {
            throw new ProviderException("The provider took too long.", true, e);
        }
        catch (BrokenCircuitException e)
        {
            throw new ProviderException("The provider failed too often of late; it is left alone for a moment.", true, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ProviderException("The provider cannot be reached.", true, e);
        }
    }

    private async Task<JsonDocument> OnceAsync(Func<HttpRequestMessage> make, CancellationToken ct)
    {
        using var request = make();
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd("eco2");
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, ct);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new ProviderException("The provider's answer is too large.", false, e);
        }

        using (answer)
        {
            if (answer.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
            {
                throw new ProviderException($"The provider answered {(int)answer.StatusCode}.", true);
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new ProviderException($"The provider refused with {(int)answer.StatusCode}.");
            }

            try
            {
                var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(ct), Strict);
                return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new ProviderException("The provider's answer is not an object.");
            }
            catch (JsonException e)
            {
                throw new ProviderException("The provider's answer is not JSON.", false, e);
            }
        }
    }

    private ResiliencePipeline<JsonDocument> Pipeline(bool repeatable) => new ResiliencePipelineBuilder<JsonDocument> { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions<JsonDocument>
        {
            MaxRetryAttempts = 2,
            Delay = TimeSpan.FromMilliseconds(200),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = args => ValueTask.FromResult(repeatable ? IsFailure(args.Outcome.Exception) : DidNotArrive(args.Outcome.Exception)),
        })
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions<JsonDocument>
        {
            FailureRatio = 0.5,
            MinimumThroughput = 10,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = TimeSpan.FromSeconds(10),
            ShouldHandle = args => ValueTask.FromResult(IsFailure(args.Outcome.Exception)),
        })
        .AddTimeout(new TimeoutStrategyOptions { Timeout = options.Value.ProviderTimeout })
        .Build();

    private static bool IsFailure(Exception? e) => e is HttpRequestException or IOException or TimeoutRejectedException or ProviderException { IsAway: true };

    private static bool DidNotArrive(Exception? e) =>
        e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };
}
