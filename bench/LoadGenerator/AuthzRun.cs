using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.LoadGenerator;

/// <param name="Auth">Address of the app auth.</param>
/// <param name="AppToken">Of its sidecar, which a mesh shows too.</param>
internal sealed record AuthzOptions(Uri Auth, string AppToken, IReadOnlyList<Account> Accounts, int Connections, TimeSpan WarmUp, TimeSpan Duration, string Out);

/// <summary>Both are asked in a closed loop over the same number of connections, one after the other.</summary>
/// <param name="PerSecond">Decisions a second; the bar on two cores is 2,000.</param>
/// <param name="DecisionMs">The bar for p99 is 5 ms.</param>
/// <param name="BarePerSecond">Answers a second of an endpoint of the same app that does nothing.</param>
/// <param name="PerSecondOfBare">Decisions for each answer of the bare endpoint.</param>
/// <param name="P99OfBare">How many times longer a decision takes.</param>
/// <param name="Wrong">Decisions that did not let a user in, or named another.</param>
internal sealed record AuthzReport(
    int Users, int Connections, double Seconds, double PerSecond, Percentiles DecisionMs, double BarePerSecond, Percentiles BareMs, double PerSecondOfBare, double P99OfBare, int Wrong);

/// <summary>How quickly auth decides about requests of many users, against what HTTP itself costs here.</summary>
internal sealed class AuthzRun(AuthzOptions options, TimeProvider clock) : IDisposable
{
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
    private int wrong;

    public async Task<bool> RunAsync(CancellationToken ct)
    {
        await AskAsync("/healthz", options.WarmUp, ct);
        var bare = await AskAsync("/healthz", options.Duration, ct);
        await AskAsync("/ext-authz/api/v1/users/me", options.WarmUp, ct);
        wrong = 0;
        Console.WriteLine("WINDOW BEGINS");
        var decisions = await AskAsync("/ext-authz/api/v1/users/me", options.Duration, ct);
        Console.WriteLine("WINDOW ENDS");

        var seconds = options.Duration.TotalSeconds;
        var (asked, answered) = (Percentiles.Of(decisions), Percentiles.Of(bare));
        var report = new AuthzReport(
            options.Accounts.Count,
            options.Connections,
            seconds,
            Math.Round(asked.Count / seconds),
            asked,
            Math.Round(answered.Count / seconds),
            answered,
            Math.Round((double)asked.Count / Math.Max(1, answered.Count), 3),
            Math.Round(asked.P99 / Math.Max(0.01, answered.P99), 2),
            wrong);
        await File.WriteAllTextAsync(options.Out, JsonSerializer.Serialize(report, AuthzJson.Default.AuthzReport), ct);
        return wrong == 0 && asked.Count > 0;
    }

    public void Dispose() => http.Dispose();

    private async Task<ConcurrentQueue<double>> AskAsync(string path, TimeSpan duration, CancellationToken ct)
    {
        var took = new ConcurrentQueue<double>();
        var began = clock.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(async first =>
        {
            for (var n = first; clock.GetElapsedTime(began) < duration; n += options.Connections)
            {
                var account = options.Accounts[n % options.Accounts.Count];
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(options.Auth, path)) { Version = HttpVersion.Version11 };
                request.Headers.TryAddWithoutValidation("dapr-api-token", options.AppToken);
                request.Headers.TryAddWithoutValidation("Authorization", account.Bearer);
                var sent = clock.GetTimestamp();
                using var answer = await http.SendAsync(request, ct);
                await answer.Content.CopyToAsync(Stream.Null, ct);
                took.Enqueue(clock.GetElapsedTime(sent).TotalMilliseconds);
                if (!answer.IsSuccessStatusCode || (answer.Headers.TryGetValues("X-User-Id", out var user) && user.Single() != account.UserId.ToString("D")))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }));
        return took;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(AuthzReport))]
internal sealed partial class AuthzJson : JsonSerializerContext;
