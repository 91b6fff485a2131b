using System.Collections.Frozen;

namespace Eco2.Gateway;

/// <summary>The page for people: the files that the build of <c>web/</c> left, read once at start. Routes inside the page lie behind #, so the
/// server has one page; everything else that is not there stays a 404.</summary>
internal sealed partial class Pages
{
    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".webp"] = "image/webp",
        [".txt"] = "text/plain; charset=utf-8",
        [".webmanifest"] = "application/manifest+json",
    }.ToFrozenDictionary();

    private readonly string policy;

    private Pages(IReadOnlyList<string> origins)
    {
        var others = string.Concat(origins.Select(origin => " " + origin));
        policy = $"default-src 'self'; img-src 'self' blob:{others}; connect-src 'self'{others}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    }

    /// <summary>Section "Pages": <c>Folder</c>, the built page (default: <c>web</c> beside the app; without it there is none), and
    /// <c>PictureOrigins</c>, where pictures are sent to and shown from when they go straight to a bucket.</summary>
    public static void Map(WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILogger<Pages>>();
        var folder = Path.GetFullPath(app.Configuration["Pages:Folder"] ?? Path.Combine(AppContext.BaseDirectory, "web"));
        if (!File.Exists(Path.Combine(folder, "index.html")))
        {
            NoPage(logger, folder);
            Welcome.Map(app);
            return;
        }

        var pages = new Pages([.. (app.Configuration.GetSection("Pages:PictureOrigins").Get<string[]>() ?? []).Select(OriginOf)]);
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => Types.ContainsKey(Path.GetExtension(path))))
        {
            var name = "/" + Path.GetRelativePath(folder, path).Replace('\\', '/');
            var file = new PageFile(name, new PreparedAnswer(Types[Path.GetExtension(path)], Read(path, "")!, Read(path, ".br"), Read(path, ".gz")));
            app.MapMethods(name, ["GET", "HEAD"], (HttpContext http) => pages.SendAsync(http, file));
            if (name == "/index.html")
            {
                // A program that asks what is here is told in JSON; a browser says that it reads HTML.
                app.MapMethods("/", ["GET", "HEAD"], (HttpContext http) => ReadsHtml(http.Request) ? pages.SendAsync(http, file) : Welcome.SendAsync(http));
            }
        }
    }

    private Task SendAsync(HttpContext http, PageFile file)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        // Names below static/ carry a hash of what is in them.
        headers.CacheControl = file.Name.StartsWith("/static/", StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = http.Request.Path == "/" ? "Accept, Accept-Encoding" : "Accept-Encoding";
        return file.Answer.SendAsync(http);
    }

    /// <summary>A browser says that it reads HTML; programs do not.</summary>
    public static bool ReadsHtml(HttpRequest request) => request.GetTypedHeaders().Accept.Any(one => one.MediaType == "text/html");

    private static byte[]? Read(string path, string suffix) => File.Exists(path + suffix) ? File.ReadAllBytes(path + suffix) : null;

    /// <summary>An origin and nothing else: what stands here becomes part of the policy.</summary>
    private static string OriginOf(string given) =>
        Uri.TryCreate(given, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.GetLeftPart(UriPartial.Authority) == given.TrimEnd('/')
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw new InvalidOperationException($"Pages:PictureOrigins has \"{given}\"; it takes origins such as https://bucket.example.com.");

    [LoggerMessage(Level = LogLevel.Information, Message = "There is no page in {Folder}; only the API is served")]
    private static partial void NoPage(ILogger logger, string folder);

    private sealed record PageFile(string Name, PreparedAnswer Answer);
}
