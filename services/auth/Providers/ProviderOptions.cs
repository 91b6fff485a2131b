using System.ComponentModel.DataAnnotations;

namespace Eco2.Auth.Providers;

/// <summary>The part of the section "Auth" that is about signing in elsewhere.</summary>
internal sealed class ProvidersOptions
{
    /// <value>By name; <c>google</c>, <c>kakao</c>, <c>naver</c>, <c>discord</c> need a client only, any other an issuer or its addresses. None by default.</value>
    public Dictionary<string, ProviderOptions> Providers { get; init; } = [];

    /// <value>Pages on other hosts that a sign-in may come back to, such as <c>https://app.example.com</c>, beside <c>Auth:PublicUrl</c>; none.</value>
    public IReadOnlyList<string> Frontends { get; init; } = [];

    /// <value>How long a provider may take for one answer, 5 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan ProviderTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <value>How long somebody may take at the provider, 600 s.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SignInWithin { get; init; } = TimeSpan.FromSeconds(600);
}

/// <summary>One provider. What is absent comes from the preset of its name.</summary>
internal sealed record ProviderOptions
{
    /// <value>What people read.</value>
    public string? Name { get; init; }

    public string? ClientId { get; init; }

    /// <value>Absent: the secret <c>{provider}-client-secret</c> of the secret store.</value>
    public string? ClientSecret { get; init; }

    /// <value>An OpenID Connect issuer: addresses and keys are found by discovery, and who it is stands in the ID token.</value>
    public Uri? Issuer { get; init; }

    /// <value>The three addresses of a provider without OpenID Connect.</value>
    public Uri? AuthorizationEndpoint { get; init; }

    public Uri? TokenEndpoint { get; init; }

    public Uri? UserInfoEndpoint { get; init; }

    /// <value>Separated by blanks.</value>
    public string? Scopes { get; init; }

    /// <value>Where the parts of an identity are, with dots between members: in the ID token, else in the answer of the user info.</value>
    public string? Subject { get; init; }

    public string? Email { get; init; }

    public string? EmailVerified { get; init; }

    public string? Nickname { get; init; }

    /// <value>PKCE with S256, true.</value>
    public bool? Pkce { get; init; }

    /// <value>The client authenticates by HTTP Basic instead of members of the form, false.</value>
    public bool? BasicAuthentication { get; init; }

    /// <value>The token request repeats <c>state</c>, false.</value>
    public bool? StateInTokenRequest { get; init; }
}
