using System.Collections.Frozen;

namespace Eco2.Auth.Issuers;

/// <summary>Issuers whose tokens open the API, by the setting that the edge reads too: <c>Edge:Issuers</c>. For others no account is made,
/// whoever asks.</summary>
internal sealed class AcceptedIssuers
{
    private readonly FrozenSet<string> issuers;

    public AcceptedIssuers(IConfiguration configuration)
    {
        issuers = configuration.GetSection("Edge:Issuers").GetChildren().Select(one => one["Issuer"]).OfType<string>().ToFrozenSet(StringComparer.Ordinal);
        if (issuers.FirstOrDefault(i => i.Contains('|', StringComparison.Ordinal)) is { } bad)
        {
            throw new InvalidOperationException($"Edge:Issuers: \"{bad}\" holds a bar.");
        }
    }

    public bool Contains(string issuer) => issuers.Contains(issuer);
}
