using Xunit;

namespace Eco2.Testing;

/// <summary>What holds for the embedded sidecar alone, such as its spans; skipped on real Dapr.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EmbeddedFactAttribute : FactAttribute
{
    public EmbeddedFactAttribute() => Skip = EcoRun.OnDaprd ? "Only the embedded sidecar says it so." : null;
}
