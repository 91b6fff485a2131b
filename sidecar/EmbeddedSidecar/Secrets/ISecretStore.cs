using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Secrets;

/// <summary>A secret store.</summary>
internal interface ISecretStore : IComponent
{
    /// <summary>The entries of one secret, or null when there is no such secret.</summary>
    ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken ct);

    /// <summary>All secrets with their entries.</summary>
    ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> AllAsync(CancellationToken ct);
}
