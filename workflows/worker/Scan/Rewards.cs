using Dapr;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Character;
using Eco2.Contracts.Scan;
using Eco2.ServiceDefaults;
using Eco2.Worker.Knowledge;

namespace Eco2.Worker.Scan;

/// <summary>Asks the user's actor what a scan earned. It answers the same for a job however often it is asked.</summary>
internal sealed class Rewards(DaprClient dapr, WireJson json, IConfiguration configuration)
{
    private readonly ActorProxyFactory actors = new(new ActorProxyOptions
    {
        HttpEndpoint = DaprDefaults.GetDefaultHttpEndpoint(configuration),
        DaprApiToken = DaprDefaults.GetDefaultDaprApiToken(configuration),
        JsonSerializerOptions = json.Options,
    });

    private readonly HttpClient scans = dapr.CreateInvokableHttpClient("scan");

    /// <exception cref="HttpRequestException">The sidecar is away.</exception>
    /// <exception cref="DaprException">The actor is.</exception>
    internal Task<Reward> EvaluateAsync(ScanRequested scan, VisionResult vision, DisposalPlan plan, CancellationToken ct)
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
        return actors.Create(new ActorId(scan.UserId.ToString("D")), EvaluateReward.ActorType).InvokeMethodAsync<EvaluateReward, Reward>(EvaluateReward.Method, question, ct);
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
