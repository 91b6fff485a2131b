using Xunit;

namespace Eco2.Testing;

/// <summary>What holds for the embedded sidecar alone, such as its words; skipped on real Dapr.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EmbeddedTheoryAttribute : TheoryAttribute
{
    public EmbeddedTheoryAttribute() => Skip = EcoRun.OnDaprd ? "Only the embedded sidecar says it so." : null;
}
