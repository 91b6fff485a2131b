using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Auth;
using Eco2.Gateway.Forwarding;
using Microsoft.Extensions.Options;

namespace Eco2.Gateway.Tokens;

/// <summary>Asks auth at start and then again and again, so that a replica that starts, or missed a message, knows what the others know.</summary>
internal sealed partial class AuthSync(
    SidecarClient sidecar,
    VerificationKeys keys,
    RevokedSessions revoked,
    TokenVerifier verifier,
    IOptions<GatewayOptions> options,
    TimeProvider clock,
    ILogger<AuthSync> logger) : BackgroundService
{
    private static readonly TimeSpan KeysEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AtFirst = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? askedForKeys = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            if (!keys.AreKnown || askedForKeys is not { } at || clock.GetElapsedTime(at) > KeysEvery)
            {
                askedForKeys = clock.GetTimestamp();
                await keys.RefreshAsync(stoppingToken);
                verifier.Forget();
            }

            await SynchroniseAsync(stoppingToken);
            await Task.Delay(keys.AreKnown && revoked.AreKnown ? options.Value.SyncInterval : AtFirst, stoppingToken);
        }
    }

    private async Task SynchroniseAsync(CancellationToken ct)
    {
        try
        {
            using var request = sidecar.Invocation(HttpMethod.Get, "auth", "/internal/sessions/revoked");
            using var answer = await sidecar.SendAsync(request, ct);
            if (answer.IsSuccessStatusCode)
            {
                var all = await answer.Content.ReadFromJsonAsync<List<SessionRevoked>>(Json, ct);
                revoked.Synchronise(all ?? []);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            Away(logger, e.Message);
        }
    }

    private static readonly JsonSerializerOptions Json = new(ContractsJson.Default.Options)
    {
        TypeInfoResolver = System.Text.Json.Serialization.Metadata.JsonTypeInfoResolver.Combine(
            ContractsJson.Default, new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver()),
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "Auth could not be asked for ended sessions: {Why}")]
    private static partial void Away(ILogger logger, string why);
}
