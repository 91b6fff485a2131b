using EmbeddedSidecar.Grpc;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Apps;

/// <summary>Whether an app is well: asks it at intervals and counts. Unwell until its first good answer.</summary>
/// <remarks>As in daprd, a good answer clears the count only after the app was unwell: failures need not follow one another.</remarks>
internal sealed class AppHealth(AppInstance app, AppHealthCheck check)
{
    private const string GrpcPath = "/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck";
    private int _failures = check.Threshold;

    private bool IsHealthy => _failures < check.Threshold;

    /// <summary>The app has just come: nothing is known of it.</summary>
    public void Forget() => _failures = check.Threshold;

    /// <summary>Asks until the app is well; the first time at once.</summary>
    public async Task UntilWellAsync(CancellationToken ct)
    {
        while (!IsHealthy)
        {
            if (await ProbeAsync(ct))
            {
                _failures = 0;
                return;
            }

            await Task.Delay(check.Interval, app.Services.Clock, ct);
        }
    }

    /// <summary>Asks until the app is unwell.</summary>
    public async Task UntilUnwellAsync(CancellationToken ct)
    {
        while (IsHealthy)
        {
            await Task.Delay(check.Interval, app.Services.Clock, ct);
            if (!await ProbeAsync(ct))
            {
                _failures++;
            }
        }
    }

    private async Task<bool> ProbeAsync(CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(check.Timeout);
        try
        {
            if (app.Settings.IsGrpcApp)
            {
                await new AppCallback(app).ProbeAsync(GrpcPath, new Empty(), limit.Token);
                return true;
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, app.Channel.Address("/" + check.Path.TrimStart('/')));
            using var response = await app.Channel.ProbeAsync(request, limit.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception failed) when (failed is HttpRequestException or GrpcException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
