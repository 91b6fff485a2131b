using System.Net;

namespace Eco2.Cli.Up;

/// <summary>Waits until every app and its sidecar are ready to work.</summary>
internal static class Readiness
{
    private const int ControlPlaneSeconds = 60;

    /// <summary>Returns when everything that is asked answers that it is well.</summary>
    public static async Task WaitAsync(IReadOnlyList<Uri> healthy, IReadOnlyList<ManagedProcess> processes, Action<string> detail, TimeProvider clock, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var since = clock.GetTimestamp();
        while (healthy.Count > 0 && !(await Task.WhenAll(healthy.Select(url => AskAsync(http, url.ToString(), ct)))).All(answer => answer is HttpStatusCode.OK))
        {
            detail($"waiting for {string.Join(" and ", processes.Select(process => process.Plan.Name))}");
            ThrowIfBroken(processes);
            if (clock.GetElapsedTime(since) > TimeSpan.FromSeconds(ControlPlaneSeconds))
            {
                throw new UserMessageException($"Not well after {ControlPlaneSeconds} s: {string.Join(", ", healthy)}.\n{Tails(processes)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, ct);
        }
    }

    public static async Task WaitAsync(IReadOnlyList<AppPlan> plans, IReadOnlyList<ManagedProcess> processes, int patienceSeconds, Action<string> detail, TimeProvider clock, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var waiting = plans.ToList();
        var since = clock.GetTimestamp();
        while (waiting.Count > 0)
        {
            var answers = await Task.WhenAll(waiting.Select(app => IsReadyAsync(http, app, ct)));
            waiting = [.. waiting.Zip(answers).Where(pair => !pair.Second).Select(pair => pair.First)];
            detail($"waiting for {string.Join(", ", waiting.Select(app => app.Name))}");
            ThrowIfBroken(processes);
            if (waiting.Count > 0 && clock.GetElapsedTime(since) > TimeSpan.FromSeconds(patienceSeconds))
            {
                var concerned = processes.Where(process => process.Plan.Name == waiting[0].Name || process.Plan.Name == Daprd.NameOf(waiting[0].Name));
                throw new UserMessageException($"Not ready after {patienceSeconds} s: {string.Join(", ", waiting.Select(app => app.Name))}.\n{Tails(concerned)}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, ct);
        }
    }

    /// <summary>An app that has no readiness of its own is ready when it lives.</summary>
    public static async Task<bool> AppIsReadyAsync(HttpClient http, AppPlan app, CancellationToken ct) =>
        await AskAsync(http, $"http://127.0.0.1:{app.AppPort}/readyz", ct) switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NotFound or HttpStatusCode.Unauthorized => await AskAsync(http, $"http://127.0.0.1:{app.AppPort}/healthz", ct) is HttpStatusCode.OK,
            _ => false,
        };

    public static async Task<bool> SidecarIsReadyAsync(HttpClient http, AppPlan app, CancellationToken ct) =>
        await AskAsync(http, $"http://127.0.0.1:{app.DaprHttpPort}/v1.0/healthz", ct) is HttpStatusCode.NoContent;

    private static async Task<bool> IsReadyAsync(HttpClient http, AppPlan app, CancellationToken ct) =>
        await SidecarIsReadyAsync(http, app, ct) && await AppIsReadyAsync(http, app, ct);

    private static async Task<HttpStatusCode?> AskAsync(HttpClient http, string url, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(url), ct);
            return response.StatusCode;
        }
        catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static void ThrowIfBroken(IReadOnlyList<ManagedProcess> processes)
    {
        if (processes.FirstOrDefault(process => process.Refused) is { } refused)
        {
            throw new UserMessageException(File.ReadLines(refused.Plan.Log).LastOrDefault() ?? $"{refused.Plan.Name} refuses to start.");
        }

        if (processes.FirstOrDefault(process => process.Restarts >= 2) is { } broken)
        {
            throw new UserMessageException($"{broken.Plan.Name} does not start. {Tails([broken])}");
        }
    }

    private static string Tails(IEnumerable<ManagedProcess> processes) =>
        string.Join('\n', processes.Select(process => $"The end of its log {process.Plan.Log}:\n{Tail(process.Plan.Log)}"));

    private static string Tail(string log) =>
        File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(12)) : "(empty)";
}
