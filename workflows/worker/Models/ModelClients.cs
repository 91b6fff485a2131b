using System.Collections.Concurrent;
using Anthropic;
using Dapr;
using Dapr.Client;
using Grpc.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Models;

/// <summary>A provider's client and the model to ask it for.</summary>
internal sealed record ModelChoice(string Provider, string Model, IChatClient Client);

/// <summary>Which provider and model does a step of a job use? One client per provider, made when first asked for.</summary>
internal sealed class ModelClients(IOptions<ModelOptions> options, DaprClient dapr, ModelMeter meter, TimeProvider clock, ILogger<ModelClients> logger) : IDisposable
{
    private const string SecretStore = "secrets";
    private static readonly TimeSpan SecretLimit = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Task<IChatClient>> clients = new();
    private readonly ModelOptions models = options.Value;
    private readonly Dictionary<string, ProviderBudget> budgets = new()
    {
        [Provider.OpenAI] = Budget(options.Value, options.Value.OpenAI, clock),
        [Provider.Anthropic] = Budget(options.Value, options.Value.Anthropic, clock),
    };

    /// <summary>Null when the step is done by the local model.</summary>
    /// <param name="requested">What the user chose: <c>local</c>, the default, or a name for both steps.</param>
    internal Task<ModelChoice?> ForVisionAsync(string requested, CancellationToken ct) => ForAsync(models.Vision, requested, p => p.VisionModel, ct);

    /// <inheritdoc cref="ForVisionAsync"/>
    internal Task<ModelChoice?> ForAnswerAsync(string requested, CancellationToken ct) => ForAsync(models.Answer, requested, p => p.AnswerModel, ct);

    /// <summary>This replica takes an equal part of every budget.</summary>
    internal void Share(int replicas)
    {
        foreach (var budget in budgets.Values)
        {
            budget.Share(replicas);
        }
    }

    public void Dispose()
    {
        foreach (var budget in budgets.Values)
        {
            budget.Dispose();
        }

        foreach (var client in clients.Values.Where(c => c.IsCompletedSuccessfully))
        {
            client.Result.Dispose();
        }
    }

    private async Task<ModelChoice?> ForAsync(string provider, string requested, Func<ProviderOptions, string> own, CancellationToken ct)
    {
        if (provider == Provider.Local || requested == Provider.Local)
        {
            return null;
        }

        var settings = provider == Provider.OpenAI ? models.OpenAI : models.Anthropic;
        var isDefault = requested == DefaultModel() || models.Vision != models.Answer;
        var client = await OpenOnceAsync(provider, settings).WaitAsync(ct);
        return new ModelChoice(provider, isDefault ? own(settings) : requested, client);
    }

    /// <summary>The name by which the service <c>scan</c> offers what is configured here.</summary>
    private string DefaultModel() => (models.Vision == Provider.Local ? models.Answer : models.Vision) switch
    {
        Provider.OpenAI => models.OpenAI.VisionModel,
        Provider.Anthropic => models.Anthropic.VisionModel,
        _ => Provider.Local,
    };

    private static ProviderBudget Budget(ModelOptions models, ProviderOptions settings, TimeProvider clock) =>
        new(new BudgetLimits(settings.Concurrency, settings.RequestsPerMinute, settings.TokensPerMinute, models.Queue), clock);

    /// <summary>What failed is forgotten, so that the next one tries again.</summary>
    private async Task<IChatClient> OpenOnceAsync(string provider, ProviderOptions settings)
    {
        var opening = clients.GetOrAdd(provider, p => OpenAsync(p, settings));
        try
        {
            return await opening;
        }
        catch
        {
            clients.TryRemove(new KeyValuePair<string, Task<IChatClient>>(provider, opening));
            throw;
        }
    }

    private async Task<IChatClient> OpenAsync(string provider, ProviderOptions settings)
    {
        var key = string.IsNullOrEmpty(settings.ApiKey) ? await SecretAsync($"{provider}-api-key") : settings.ApiKey;
        var http = new HttpClient(new ProviderHandler(clock)) { Timeout = Timeout.InfiniteTimeSpan };
        // The limit of a call is set around all clients alike; Anthropic's own must not come first.
        IChatClient client = provider == Provider.OpenAI
            ? new OpenAiChat(http, settings.BaseUrl, key, settings.VisionModel)
            : new AnthropicClient { ApiKey = key, HttpClient = http, MaxRetries = 0, Timeout = models.CallLimit * 2, BaseUrl = settings.BaseUrl?.ToString() ?? "https://api.anthropic.com" }
                .AsIChatClient(settings.VisionModel);
        return new ResilientChat(client, provider, models, budgets[provider], meter, clock, logger);
    }

    /// <summary>A server of one's own may want no key at all, so a missing one is sent as none that works.</summary>
    /// <exception cref="ModelException">The store cannot be asked now.</exception>
    private async Task<string> SecretAsync(string name)
    {
        using var limit = new CancellationTokenSource(SecretLimit, clock);
        try
        {
            var secret = await dapr.GetSecretAsync(SecretStore, name, cancellationToken: limit.Token);
            return secret.Values.FirstOrDefault() is { Length: > 0 } key ? key : "none";
        }
        catch (Exception e) when (e is OperationCanceledException or DaprException { InnerException: RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded } })
        {
            throw new ModelException(ModelFailure.Away, "The key of the provider cannot be read now.", null, e);
        }
        catch (DaprException)
        {
            return "none";
        }
    }
}
