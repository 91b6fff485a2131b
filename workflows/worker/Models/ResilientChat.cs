using System.Threading.RateLimiting;
using Microsoft.Extensions.AI;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Eco2.Worker.Models;

/// <summary>What stands around every provider, from the outside in: the limit of the step, retries with full jitter that honour Retry-After,
/// a place in the queue, a breaker, the limit of one call. Every failure leaves as a <see cref="ModelException"/>.</summary>
internal sealed partial class ResilientChat : DelegatingChatClient
{
    private readonly ResiliencePipeline<ChatResponse> pipeline;
    private readonly ConcurrencyLimiter queue;
    private readonly string provider;
    private readonly ILogger logger;

    internal ResilientChat(IChatClient inner, string provider, ModelOptions options, TimeProvider clock, ILogger logger)
        : base(inner)
    {
        (this.provider, this.logger) = (provider, logger);
        queue = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = options.Concurrency, QueueLimit = options.Queue });
        pipeline = new ResiliencePipelineBuilder<ChatResponse> { TimeProvider = clock }
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.StepLimit })
            .AddRetry(Retry(options))
            .AddStrategy(_ => new QueueStrategy(queue), new QueueOptions())
            .AddCircuitBreaker(Breaker(options))
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.CallLimit })
            .Build();
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        try
        {
            return await pipeline.ExecuteAsync(async ct => await CallAsync(messages, options, ct), cancellationToken);
        }
        catch (TimeoutRejectedException e)
        {
            throw new ModelException(ModelFailure.Away, "The provider took too long.", null, e);
        }
        catch (BrokenCircuitException e)
        {
            throw new ModelException(ModelFailure.Away, "The provider failed too often of late; it is left alone for a moment.", null, e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            queue.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<ChatResponse> CallAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken ct)
    {
        try
        {
            return await base.GetResponseAsync(messages, options, ct);
        }
        catch (Exception e) when (Known(e) is { } known)
        {
            throw known;
        }
        catch (Exception e) when (e is not OperationCanceledException and not ModelException)
        {
            // Whatever a provider's client throws at an answer it cannot make sense of.
            throw new ModelException(ModelFailure.Away, $"The provider's answer cannot be read: {e.GetType().Name}.", null, e);
        }
    }

    /// <summary>The providers' clients wrap what our handler throws.</summary>
    private static ModelException? Known(Exception e)
    {
        for (var inner = e.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (inner is ModelException known)
            {
                return known;
            }
        }

        return null;
    }

    private RetryStrategyOptions<ChatResponse> Retry(ModelOptions options) => new()
    {
        MaxRetryAttempts = Math.Max(1, options.Retries),
        ShouldHandle = args => ValueTask.FromResult(options.Retries > 0 && args.Outcome.Exception switch
        {
            ModelException { Why: ModelFailure.RateLimited or ModelFailure.Away } e => e.RetryAfter is null || e.RetryAfter <= options.LongestRetryAfter,
            TimeoutRejectedException => true,
            _ => false,
        }),
        DelayGenerator = args =>
        {
            var longest = options.RetryDelay * Math.Pow(2, args.AttemptNumber);
            var jitter = longest * Random.Shared.NextDouble();
            return ValueTask.FromResult<TimeSpan?>(((args.Outcome.Exception as ModelException)?.RetryAfter ?? TimeSpan.Zero) + jitter);
        },
        OnRetry = args =>
        {
            TriesAgain(logger, provider, args.AttemptNumber + 1, args.RetryDelay, args.Outcome.Exception!.Message);
            return ValueTask.CompletedTask;
        },
    };

    private CircuitBreakerStrategyOptions<ChatResponse> Breaker(ModelOptions options) => new()
    {
        FailureRatio = 0.5,
        MinimumThroughput = options.BreakerMinimum,
        SamplingDuration = options.BreakerWindow,
        BreakDuration = options.BreakerPause,
        ShouldHandle = args => ValueTask.FromResult(
            args.Outcome.Exception is ModelException { Why: not ModelFailure.Refused } or TimeoutRejectedException),
        OnOpened = args =>
        {
            Opened(logger, provider, args.BreakDuration);
            return ValueTask.CompletedTask;
        },
        OnClosed = _ =>
        {
            Closed(logger, provider);
            return ValueTask.CompletedTask;
        },
    };

    private sealed class QueueOptions : ResilienceStrategyOptions;

    private sealed class QueueStrategy(RateLimiter limiter) : ResilienceStrategy<ChatResponse>
    {
        protected override async ValueTask<Outcome<ChatResponse>> ExecuteCore<TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<ChatResponse>>> callback,
            ResilienceContext context,
            TState state)
        {
            using var place = await limiter.AcquireAsync(1, context.CancellationToken);
            return place.IsAcquired
                ? await callback(context, state)
                : Outcome.FromException<ChatResponse>(new ModelException(ModelFailure.Away, "Too many calls wait for the provider.", TimeSpan.MaxValue));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Provider {Provider}: retry {Attempt} in {Delay}: {Why}")]
    private static partial void TriesAgain(ILogger logger, string provider, int attempt, TimeSpan delay, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Provider {Provider} is left alone for {Pause}")]
    private static partial void Opened(ILogger logger, string provider, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Provider {Provider} answers again")]
    private static partial void Closed(ILogger logger, string provider);
}
