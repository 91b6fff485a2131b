using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Character;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;

namespace Eco2.Worker.Scan;

/// <summary>Asks the app <c>character</c> what a scan earned. It answers the same for a job however often it is asked.</summary>
internal sealed class Rewards(DaprClient dapr, WireJson json)
{
    private readonly HttpClient character = dapr.CreateInvokableHttpClient("character");
    private readonly HttpClient scans = dapr.CreateInvokableHttpClient("scan");

    /// <exception cref="HttpRequestException">character is away.</exception>
    internal async Task<Reward> EvaluateAsync(ScanRequested scan, VisionResult vision, DisposalPlan plan, CancellationToken ct)
    {
        var question = new EvaluateReward(
            scan.UserId,
            scan.JobId,
            ScanRequested.Kind,
            scan.ImageSha256,
            plan.Classified,
            vision.Multiple,
            vision.Primary.Confidence,
            plan.Final.MajorCode,
            plan.Final.Code,
            plan.Final.Ko,
            vision.Primary.MinorCategory,
            plan.RuleFound,
            plan.HasBlocking);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/rewards/evaluate") { Content = JsonContent.Create(question, options: json.Options) };
        request.Headers.Add(IdentityHeaders.UserId, scan.UserId.ToString("D"));
        using var response = await character.SendAsync(request, ct);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<Reward>(json.Options, ct) ?? throw new JsonException("character answered with nothing.");
    }

    /// <summary>Puts a late reward into the history.</summary>
    internal async Task RememberAsync(ScanRequested scan, Reward reward, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/scans/{scan.JobId:D}/reward") { Content = JsonContent.Create(reward, options: json.Options) };
        request.Headers.Add(IdentityHeaders.UserId, scan.UserId.ToString("D"));
        using var response = await scans.SendAsync(request, ct);
        response.EnsureSuccessStatusCode();
    }
}
