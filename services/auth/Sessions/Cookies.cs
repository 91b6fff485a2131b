namespace Eco2.Auth.Sessions;

/// <summary>The two cookies of a browser. Scripts cannot read them, and the refresh cookie travels to this service only.</summary>
internal static class Cookies
{
    public const string Access = "s_access";
    public const string Refresh = "s_refresh";
    private const string RefreshPath = "/api/v1/auth";

    public static void Set(HttpContext http, string access, string refresh, AuthOptions options)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Cookies.Append(Access, access, Options("/", options, options.AccessLifetime));
        http.Response.Cookies.Append(Refresh, refresh, Options(RefreshPath, options, options.RefreshLifetime));
    }

    public static void Clear(HttpContext http, AuthOptions options)
    {
        http.Response.Cookies.Delete(Access, Options("/", options, null));
        http.Response.Cookies.Delete(Refresh, Options(RefreshPath, options, null));
    }

    private static CookieOptions Options(string path, AuthOptions options, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        Secure = options.SecureCookies,
        SameSite = SameSiteMode.Lax,
        Path = path,
        MaxAge = lifetime,
    };
}
