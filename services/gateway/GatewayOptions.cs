using System.ComponentModel.DataAnnotations;

namespace Eco2.Gateway;

/// <summary>The section "Gateway".</summary>
internal sealed class GatewayOptions
{
    /// <value>Issuer of the access tokens it accepts; <c>eco2</c>.</value>
    [Required]
    public string Issuer { get; init; } = "eco2";

    /// <value>Audience of the access tokens it accepts; <c>eco2-api</c>.</value>
    [Required]
    public string Audience { get; init; } = "eco2-api";

    /// <value>How far clocks may differ, 5 s.</value>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(5);

    /// <value>How often it asks auth for keys and ended sessions, 5 s: news from the topic that got lost is made good after that.</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <value>How long an app may take until its answer begins, 100 s. A stream may last as long as it likes.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <value>True behind a proxy of ours: the last entry of X-Forwarded-For is the client. False: the connection is.</value>
    public bool TrustForwardedFor { get; init; }
}
