using System.Net;
using System.Text.Json;
using System.Threading.RateLimiting;
using Dapr.Client;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Media;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;
using Microsoft.Extensions.Options;

namespace Eco2.Worker.Scan;

/// <summary>Looks at a photo with the classifier of the app <c>media</c> and reads the user's words beside it.</summary>
internal sealed class VisionLocally(DaprClient dapr, LocalVision interpreter, WireJson json, IOptions<ScanStepOptions> options) : IDisposable
{
    private readonly HttpClient media = dapr.CreateInvokableHttpClient("media");

    // Waiting here costs nothing of the time that the classifier has; how long is the job's own deadline.
    private readonly ConcurrencyLimiter places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Value.LocalVisionConcurrency,
        QueueLimit = options.Value.MaxSteps,
    });

    /// <exception cref="HttpRequestException">media is away; trying again may help.</exception>
    internal async Task<(VisionResult? Vision, JobError? Error)> LookAsync(ScanRequested scan, string? words, CancellationToken ct)
    {
        using var place = await places.AcquireAsync(1, ct);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Value.LocalVisionLimit);
        using var response = await media.PostAsJsonAsync("/v1/classify", new ClassifyPhoto(scan.ImageKey), json.Options, limit.Token);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return (null, ScanErrors.ImageFetchFailed(scan.Language));
        }

        if (response.StatusCode is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity)
        {
            return (null, ScanErrors.ImageUnreadable(scan.Language));
        }

        response.EnsureSuccessStatusCode();
        var photo = await response.Content.ReadFromJsonAsync<PhotoClass>(json.Options, limit.Token)
            ?? throw new JsonException("media answered with nothing.");
        return (interpreter.Interpret(photo, words), null);
    }

    public void Dispose()
    {
        media.Dispose();
        places.Dispose();
    }
}
