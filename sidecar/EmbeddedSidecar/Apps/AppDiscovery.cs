using System.Text.Json;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.Apps;

/// <summary>Asks a freshly found app for its configuration (GET /dapr/config) and subscriptions (GET /dapr/subscribe).</summary>
internal static partial class AppDiscovery
{
    private const int Attempts = 4;

    public static async Task RunAsync(AppInstance app, ILogger log, CancellationToken ct)
    {
        if (app.Settings.IsGrpcApp)
        {
            await GrpcDiscovery.RunAsync(app, log, ct);
            return;
        }

        app.AppConfig = await AskAsync(app, "/dapr/config", log, ct);
        var answer = await AskAsync(app, "/dapr/subscribe", log, ct);
        app.ProgrammaticSubscriptions = answer is null ? [] : Read(app, answer, log);
    }

    // Null when the app answers anything but 200. Transport errors and 5xx are tried again a few times: the app is just starting.
    private static async Task<byte[]?> AskAsync(AppInstance app, string path, ILogger log, CancellationToken ct)
    {
        var wait = TimeSpan.FromMilliseconds(500);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, app.Channel.Address(path));
                request.Headers.TryAddWithoutValidation("Dapr-App-Id", app.AppId);
                using var response = await app.Channel.SendAsync(request, ct);
                if (response.Status < 500)
                {
                    return response.Status == 200 ? await response.Message.Content.ReadAsByteArrayAsync(ct) : null;
                }

                Unanswered(log, app.AppId, path, $"status {response.Status}");
            }
            catch (HttpRequestException failed)
            {
                Unanswered(log, app.AppId, path, failed.Message);
            }

            if (attempt == Attempts)
            {
                return null;
            }

            await Task.Delay(wait, app.Services.Clock, ct);
            wait *= 1.5;
        }
    }

    private static List<SubscriptionSpec> Read(AppInstance app, byte[] answer, ILogger log)
    {
        var found = new List<SubscriptionSpec>();
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.ValueKind != JsonValueKind.Array)
            {
                return found;
            }

            foreach (var item in json.RootElement.EnumerateArray())
            {
                if (SubscriptionJson.Read(item, found.Count) is { } subscription)
                {
                    found.Add(subscription);
                }
            }
        }
        catch (JsonException broken)
        {
            Unanswered(log, app.AppId, "/dapr/subscribe", broken.Message);
        }

        return found;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} did not answer {Path}: {Reason}")]
    private static partial void Unanswered(ILogger log, string appId, string path, string reason);
}
