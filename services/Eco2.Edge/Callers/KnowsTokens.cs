using Eco2.ServiceDefaults;

namespace Eco2.Edge.Callers;

/// <summary>Until it has heard from auth once the gateway can let nobody in; what it knows then, it keeps.</summary>
internal sealed class KnowsTokens(VerificationKeys keys, RevokedSessions revoked) : IReadinessCheck
{
    public string Name => "tokens";

    public Task<bool> IsThereAsync(CancellationToken ct) => Task.FromResult(keys.AreKnown && revoked.AreKnown);
}
