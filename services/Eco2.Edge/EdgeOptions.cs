using System.ComponentModel.DataAnnotations;

namespace Eco2.Edge;

/// <summary>The section "Edge": what decides who may pass, the same in every app that stands at the door.</summary>
internal sealed class EdgeOptions
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

    /// <value>True behind a proxy of ours: the last entry of X-Forwarded-For is the client. False: the connection is.</value>
    public bool TrustForwardedFor { get; init; }

    /// <value>Origins of pages on other hosts that may call with cookies, such as <c>https://app.example.com</c>; none.</value>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <value>OpenID Connect issuers whose access tokens open the API beside our own; none.</value>
    public IReadOnlyList<TrustedIssuer> Issuers { get; init; } = [];

    /// <value>Other numbers for the limits of Policies/Limits.cs, by name: <c>generation</c> = <c>20/min</c>. Units: s, min, h, day.</value>
    public Dictionary<string, string> Limits { get; init; } = [];

    /// <value>Multiplies every limit, 1: a measurement lets many users come from one address.</value>
    [Range(1, 1_000_000)]
    public int LimitFactor { get; init; } = 1;

    /// <value>How long the store of the limits may take to answer, 2 s; after that it counts as away.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan LimitsTimeout { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>An issuer of others whose tokens are accepted.</summary>
internal sealed class TrustedIssuer
{
    /// <value>Claim <c>iss</c>, letter for letter; its keys are found at <c>{issuer}/.well-known/openid-configuration</c>.</value>
    [Required]
    public string Issuer { get; init; } = "";

    /// <value>Claim <c>aud</c>, or <c>client_id</c> where there is no <c>aud</c> (access tokens of a Cognito pool).</value>
    [Required]
    public string Audience { get; init; } = "";
}
