using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Eco2.ServiceDefaults;

/// <summary>Something without which the app cannot serve.</summary>
public interface IReadinessCheck
{
    /// <summary>As shown by <c>/readyz</c>.</summary>
    string Name { get; }

    /// <summary>Returns false or throws when it is away.</summary>
    Task<bool> IsThereAsync(CancellationToken ct);
}

internal static class Probes
{
    /// <summary>Asks nothing but the process: restarting it would not bring a database back.</summary>
    public static IResult Live() => Results.Json(new { status = "ok" });

    public static async Task<IResult> Ready(Readiness readiness, CancellationToken ct)
    {
        var checks = await readiness.AskAsync(ct);
        var ok = checks.Values.All(there => there);
        return Results.Json(
            new { status = ok ? "ok" : "unavailable", checks = checks.ToDictionary(c => c.Key, c => c.Value ? "ok" : "unavailable") },
            statusCode: ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}

internal sealed partial class Readiness(IEnumerable<IReadinessCheck> checks, ILogger<Readiness> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyDictionary<string, bool>> AskAsync(CancellationToken ct)
    {
        var answers = await Task.WhenAll(checks.Select(async check => (check.Name, There: await AskAsync(check, ct))));
        return answers.ToDictionary(a => a.Name, a => a.There);
    }

    private async Task<bool> AskAsync(IReadinessCheck check, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            return await check.IsThereAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or Npgsql.NpgsqlException or TimeoutException)
        {
            Away(logger, check.Name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Not ready, {Check} is away: {Why}")]
    private static partial void Away(ILogger logger, string check, string why);
}

/// <summary>Asks the sidecar whether its outgoing half works; its other half waits for this app and cannot be asked by it.</summary>
internal sealed class SidecarCheck(IConfiguration configuration) : IReadinessCheck, IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = Sidecar.HttpEndpoint(configuration) };

    public string Name => "sidecar";

    public async Task<bool> IsThereAsync(CancellationToken ct)
    {
        using var answer = await http.GetAsync(new Uri("/v1.0/healthz/outbound", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, ct);
        return answer.IsSuccessStatusCode;
    }

    public void Dispose() => http.Dispose();
}

/// <summary>Where this app's sidecar is.</summary>
public static class Sidecar
{
    /// <summary>Base address of its HTTP API, from DAPR_HTTP_ENDPOINT or DAPR_HTTP_PORT (3500).</summary>
    public static Uri HttpEndpoint(IConfiguration configuration) => configuration["DAPR_HTTP_ENDPOINT"] is { Length: > 0 } endpoint
        ? new Uri(new Uri(endpoint), "/")
        : new Uri($"http://127.0.0.1:{configuration["DAPR_HTTP_PORT"] ?? "3500"}/");
}
