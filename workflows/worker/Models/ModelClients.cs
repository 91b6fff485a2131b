using System.Collections.Concurrent;
using Anthropic;
using Dapr;
using Dapr.Client;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Models;

/// <summary>A provider's client and the model to ask it for.</summary>
internal sealed record ModelChoice(string Provider, string Model, IChatClient Client);

/// <summary>Which provider and model does a step of a job use? One client per provider, made when first asked for.</summary>
internal sealed class ModelClients(IOptions<ModelOptions> options, DaprClient dapr, TimeProvider clock, ILogger<ModelClients> logger) : IDisposable
{
    private const string SecretStore = "secrets";
    private readonly ConcurrentDictionary<string, Task<IChatClient>> clients = new();
    private readonly ModelOptions models = options.Value;

    /// <summary>Null when the step is done by the local model.</summary>
    /// <param name="requested">What the user chose: <c>local</c>, the default, or a name for both steps.</param>
    internal Task<ModelChoice?> ForVisionAsync(string requested, CancellationToken ct) => ForAsync(models.Vision, requested, p => p.VisionModel, ct);

    /// <inheritdoc cref="ForVisionAsync"/>
    internal Task<ModelChoice?> ForAnswerAsync(string requested, CancellationToken ct) => ForAsync(models.Answer, requested, p => p.AnswerModel, ct);

    public void Dispose()
    {
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
        var client = await clients.GetOrAdd(provider, p => OpenAsync(p, settings, ct));
        return new ModelChoice(provider, isDefault ? own(settings) : requested, client);
    }

    /// <summary>The name by which the service <c>scan</c> offers what is configured here.</summary>
    private string DefaultModel() => (models.Vision == Provider.Local ? models.Answer : models.Vision) switch
    {
        Provider.OpenAI => models.OpenAI.VisionModel,
        Provider.Anthropic => models.Anthropic.VisionModel,
        _ => Provider.Local,
    };

    private async Task<IChatClient> OpenAsync(string provider, ProviderOptions settings, CancellationToken ct)
    {
        var key = string.IsNullOrEmpty(settings.ApiKey) ? await SecretAsync($"{provider}-api-key", ct) : settings.ApiKey;
        var http = new HttpClient(new ProviderHandler(clock)) { Timeout = Timeout.InfiniteTimeSpan };
        IChatClient client = provider == Provider.OpenAI
            ? new OpenAiChat(http, settings.BaseUrl, key, settings.VisionModel)
            : new AnthropicClient { ApiKey = key, HttpClient = http, MaxRetries = 0, Timeout = models.CallLimit, BaseUrl = settings.BaseUrl?.ToString() ?? "https://api.anthropic.com" }
                .AsIChatClient(settings.VisionModel);
        return new ResilientChat(client, provider, models, clock, logger);
    }

    /// <summary>A server of one's own may want no key at all, so a missing one is sent as none that works.</summary>
    private async Task<string> SecretAsync(string name, CancellationToken ct)
    {
        try
        {
            var secret = await dapr.GetSecretAsync(SecretStore, name, cancellationToken: ct);
            return secret.Values.FirstOrDefault() is { Length: > 0 } key ? key : "none";
        }
        catch (DaprException)
        {
            return "none";
        }
    }
}
