using Microsoft.Extensions.AI;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Eco2.Worker.Models;

/// <summary>What stands around every provider, from the outside in: the limit of the step, retries with full jitter that honour Retry-After,
/// the provider's budget, a breaker, the limit of one call. Every failure leaves as a <see cref="ModelException"/>.</summary>
internal sealed partial class ResilientChat : DelegatingChatClient
{
    private static readonly ResiliencePropertyKey<CallCost> Cost = new("cost");
    private readonly ResiliencePipeline<ChatResponse> pipeline;
    private readonly ProviderBudget budget;
    private readonly TimeSpan longestWait;
    private readonly ModelMeter meter;
    private readonly TimeProvider clock;
    private readonly string provider;
    private int left;
    private readonly ILogger logger;

    private readonly record struct CallCost(int Tokens, long Began);

    internal ResilientChat(IChatClient inner, string provider, ModelOptions options, ProviderBudget budget, ModelMeter meter, TimeProvider clock, ILogger logger)
        : base(inner)
    {
        (this.provider, this.budget, this.meter, this.clock, this.logger) = (provider, budget, meter, clock, logger);
        // The call itself needs some of the step's time.
        longestWait = options.StepLimit * 0.9;
        pipeline = new ResiliencePipelineBuilder<ChatResponse> { TimeProvider = clock }
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.StepLimit })
            .AddRetry(Retry(options))
            .AddStrategy(_ => new WithinBudget(this), new BudgetOptions())
            .AddCircuitBreaker(Breaker(options))
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.CallLimit })
            .Build();
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Cost, new CallCost(TokenEstimate.Of(messages, options), clock.GetTimestamp()));
        try
        {
            return await pipeline.ExecuteAsync(
                static (context, call) => call.Chat.CallAsync(call.Messages, call.Options, context.CancellationToken),
                context,
                (Chat: this, Messages: messages, Options: options));
        }
        catch (TimeoutRejectedException e)
        {
            throw new ModelException(ModelFailure.Away, "The provider took too long.", null, e);
        }
        catch (BrokenCircuitException e)
        {
            throw new ModelException(ModelFailure.Away, "The provider failed too often of late; it is left alone for a moment.", null, e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<ChatResponse> CallAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        try
        {
            var response = await base.GetResponseAsync(messages, options, ct);
            meter.Answered(provider, options?.ModelId, clock.GetElapsedTime(began), response.Usage);
            return response;
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
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                meter.Breaker(provider, isOpen: true);
            }

            Opened(logger, provider, args.BreakDuration);
            return ValueTask.CompletedTask;
        },
        OnClosed = _ =>
        {
            if (Interlocked.Exchange(ref left, 0) == 1)
            {
                meter.Breaker(provider, isOpen: false);
            }

            Closed(logger, provider);
            return ValueTask.CompletedTask;
        },
    };

    private TimeSpan LongestWait(CallCost call) => longestWait - clock.GetElapsedTime(call.Began) is { Ticks: > 0 } rest ? rest : TimeSpan.Zero;

    private sealed class BudgetOptions : ResilienceStrategyOptions;

    private sealed class WithinBudget(ResilientChat chat) : ResilienceStrategy<ChatResponse>
    {
        protected override async ValueTask<Outcome<ChatResponse>> ExecuteCore<TState>(
            Func<ResilienceContext, TState, ValueTask<Outcome<ChatResponse>>> callback,
            ResilienceContext context,
            TState state)
        {
            context.Properties.TryGetValue(Cost, out var call);
            ProviderBudget.Place place;
            try
            {
                place = await chat.budget.EnterAsync(call.Tokens, chat.LongestWait(call), context.CancellationToken);
            }
            catch (Exception e) when (e is ModelException or OperationCanceledException)
            {
                return Outcome.FromException<ChatResponse>(e);
            }

            var outcome = await callback(context, state);
            if (outcome.Exception is { } failed)
            {
                chat.meter.Failed(chat.provider, failed is ModelException known ? known.Why.ToString() : failed.GetType().Name);
            }

            switch (outcome.Exception)
            {
                case null:
                    place.Answered(outcome.Result!.Usage?.TotalTokenCount);
                    break;
                case BrokenCircuitException:
                    place.NotAsked();
                    break;
                case ModelException { Why: ModelFailure.RateLimited } tooMany:
                    place.TooMany(tooMany.RetryAfter);
                    break;
                default:
                    place.Failed();
                    break;
            }

            return outcome;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Provider {Provider}: retry {Attempt} in {Delay}: {Why}")]
    private static partial void TriesAgain(ILogger logger, string provider, int attempt, TimeSpan delay, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Provider {Provider} is left alone for {Pause}")]
    private static partial void Opened(ILogger logger, string provider, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Provider {Provider} answers again")]
    private static partial void Closed(ILogger logger, string provider);
}
