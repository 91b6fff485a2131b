namespace Eco2.Auth.Providers;

/// <summary>What the providers' own documents say about them.</summary>
internal static class Presets
{
    private static readonly ProviderOptions OpenIdConnect = new()
    {
        Scopes = "openid email profile", Subject = "sub", Email = "email", EmailVerified = "email_verified", Nickname = "name", Pkce = true,
    };

    private static readonly Dictionary<string, ProviderOptions> Known = new(StringComparer.Ordinal)
    {
        ["google"] = OpenIdConnect with { Name = "Google", Issuer = new("https://accounts.google.com") },
        // OpenID Connect has to be switched on for the Kakao app. The ID token does not say whether the address is verified.
        ["kakao"] = OpenIdConnect with { Name = "Kakao", Issuer = new("https://kauth.kakao.com"), Scopes = "openid account_email profile_nickname", Nickname = "nickname" },
        // Neither documents PKCE for clients with a secret.
        ["naver"] = new()
        {
            Name = "Naver", Scopes = "", Pkce = false, StateInTokenRequest = true,
            AuthorizationEndpoint = new("https://nid.naver.com/oauth2.0/authorize"),
            TokenEndpoint = new("https://nid.naver.com/oauth2.0/token"),
            UserInfoEndpoint = new("https://openapi.naver.com/v1/nid/me"),
            Subject = "response.id", Email = "response.email", Nickname = "response.nickname",
        },
        ["discord"] = new()
        {
            Name = "Discord", Scopes = "identify email", Pkce = false,
            AuthorizationEndpoint = new("https://discord.com/oauth2/authorize"),
            TokenEndpoint = new("https://discord.com/api/oauth2/token"),
            UserInfoEndpoint = new("https://discord.com/api/users/@me"),
            Subject = "id", Email = "email", EmailVerified = "verified", Nickname = "global_name",
        },
    };

    /// <summary>The settings with the preset behind them.</summary>
    public static ProviderOptions Complete(string provider, ProviderOptions given)
    {
        var preset = Known.GetValueOrDefault(provider) ?? OpenIdConnect;
        return new ProviderOptions
        {
            Name = given.Name ?? preset.Name ?? provider,
            ClientId = given.ClientId,
            ClientSecret = given.ClientSecret,
            Issuer = given.Issuer ?? preset.Issuer,
            AuthorizationEndpoint = given.AuthorizationEndpoint ?? preset.AuthorizationEndpoint,
            TokenEndpoint = given.TokenEndpoint ?? preset.TokenEndpoint,
            UserInfoEndpoint = given.UserInfoEndpoint ?? preset.UserInfoEndpoint,
            Scopes = given.Scopes ?? preset.Scopes,
            Subject = given.Subject ?? preset.Subject,
            Email = given.Email ?? preset.Email,
            EmailVerified = given.EmailVerified ?? preset.EmailVerified,
            Nickname = given.Nickname ?? preset.Nickname,
            Pkce = given.Pkce ?? preset.Pkce ?? true,
            BasicAuthentication = given.BasicAuthentication ?? preset.BasicAuthentication ?? false,
            StateInTokenRequest = given.StateInTokenRequest ?? preset.StateInTokenRequest ?? false,
        };
    }
}
