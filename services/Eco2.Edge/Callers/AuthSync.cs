using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Auth;
using Microsoft.Extensions.Options;

namespace Eco2.Edge.Callers;

/// <summary>Asks auth at start and then again and again, so that a replica that starts, or missed a message, knows what the others know.</summary>
internal sealed partial class AuthSync(
    SidecarClient sidecar,
    VerificationKeys keys,
    RevokedSessions revoked,
    TokenVerifier verifier,
    IOptions<EdgeOptions> options,
    TimeProvider clock,
    ILogger<AuthSync> logger) : BackgroundService
{
    private static readonly TimeSpan KeysEvery = TimeSpan.FromMinutes(5);
    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private static readonly TimeSpan AtFirst = TimeSpan.FromMilliseconds(200);

    /// <summary>From now on somebody wants to know. An app that nobody uses as a door asks nothing.</summary>
    public void Begin() => wanted.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await wanted.Task.WaitAsync(stoppingToken);
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
