using Microsoft.Extensions.Options;

namespace Eco2.Auth.Providers;

/// <summary>Where a sign-in may come back to: our page, and those that the setting names. Nothing that a request says goes into an address.</summary>
internal sealed class Frontends
{
    private readonly List<Uri> allowed;
    private readonly Uri own;

    public Frontends(IOptions<ProvidersOptions> options, IOptions<AuthOptions> auth)
    {
        own = Page(auth.Value.PublicUrl);
        allowed = [own, .. options.Value.Frontends.Select(Page)];
    }

    public string Own => Text(own);

    /// <summary>Where providers send people back to.</summary>
    public Uri Callback(string provider) => new($"{Own}/api/v1/auth/{provider}/callback");

    /// <summary>The page that a request asks for, by <c>redirect_uri</c> or <c>X-Frontend-Origin</c>; ours if it asks for none.</summary>
    /// <returns>False: it asks for one that is not on the list.</returns>
    public bool TryFind(HttpRequest request, out string frontend)
    {
        frontend = Own;
        var asked = request.Query["redirect_uri"].Concat(request.Headers["X-Frontend-Origin"]).ToList();
        if (asked.Count == 0)
        {
            return true;
        }

        if (asked.Count > 1 || !Uri.TryCreate(asked[0], UriKind.Absolute, out var wanted) || wanted.UserInfo.Length > 0
            || allowed.Find(page => page.Scheme == wanted.Scheme && page.Host == wanted.Host && page.Port == wanted.Port) is not { } found)
        {
            return false;
        }

        frontend = Text(found);
        return true;
    }

    private static Uri Page(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var page) && (page.Scheme == Uri.UriSchemeHttps || page.Scheme == Uri.UriSchemeHttp) && page.UserInfo.Length == 0 && page.Query.Length == 0 && page.Fragment.Length == 0
            ? page
            : throw new InvalidOperationException($"Auth:PublicUrl and Auth:Frontends hold addresses of pages, such as https://app.example.com; \"{text}\" is none.");

    private static string Text(Uri page) => page.AbsoluteUri.TrimEnd('/');
}
