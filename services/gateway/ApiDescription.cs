using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Eco2.Edge;
using Eco2.Gateway.Forwarding;

namespace Eco2.Gateway;

/// <summary>What the API is, for whoever writes against it: <c>/openapi.json</c>, and every kind of problem at <c>/problems/{service}/{slug}</c>, as JSON
/// or, for a browser, as a page. Both are files that a test makes from the code of the apps.</summary>
internal sealed class ApiDescription
{
    private const string Json = "application/json; charset=utf-8";
    private const string Html = "text/html; charset=utf-8";

    private const string Style =
        "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        + "code{font-size:.95em}dt{font-weight:600}dd{margin:0 0 .7rem}li{margin:.3rem 0}";

    // The style is the page's own and named by its hash; nothing else is loaded or run.
    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private sealed record Kind(PreparedAnswer AsJson, PreparedAnswer AsHtml);

    public static void Map(WebApplication app)
    {
        var document = PreparedAnswer.Compress(Json, Read("openapi.json"));
        app.MapMethods("/openapi.json", ["GET", "HEAD"], (HttpContext http) => SendAsync(http, document, "Accept-Encoding"));

        var file = Read("problems.json");
        using var list = JsonDocument.Parse(file);
        var entries = list.RootElement.GetProperty("problems").EnumerateArray().ToList();
        var all = new Kind(PreparedAnswer.Compress(Json, file), Page("Problems", ListOf(entries)));
        var each = entries.ToDictionary(
            one => Text(one, "url"),
            one => new Kind(PreparedAnswer.Compress(Json, Encoding.UTF8.GetBytes(one.GetRawText())), Page(Text(one, "title"), About(one))),
            StringComparer.Ordinal);

        app.MapMethods("/problems", ["GET", "HEAD"], (HttpContext http) => SendAsync(http, all));
        app.MapMethods("/problems/{service}/{slug}", ["GET", "HEAD"], (HttpContext http, string service, string slug) =>
            each.TryGetValue($"/problems/{service}/{slug}", out var one) ? SendAsync(http, one) : RefuseAsync(http));
    }

    private static Task SendAsync(HttpContext http, Kind problem) =>
        SendAsync(http, Pages.ReadsHtml(http.Request) ? problem.AsHtml : problem.AsJson, "Accept, Accept-Encoding");

    private static Task SendAsync(HttpContext http, PreparedAnswer answer, string vary)
    {
        http.Response.Headers.ContentSecurityPolicy = Policy;
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.Headers.Vary = vary;
        return answer.SendAsync(http);
    }

    private static Task RefuseAsync(HttpContext http)
    {
        Headers.Secure(http.Response);
        return Problems.NotFound().ExecuteAsync(http);
    }

    private static string ListOf(IEnumerable<JsonElement> entries) => string.Concat(entries.GroupBy(one => Text(one, "service")).Select(service =>
        $"<h2>{Shown(service.Key)}</h2><ul>{string.Concat(service.Select(one =>
            $"<li><a href=\"{Shown(Text(one, "url"))}\"><code>{Shown(Text(one, "code"))}</code></a> {one.GetProperty("status").GetInt32()}: {Shown(Text(one, "title"))}</li>"))}</ul>"));

    private static string About(JsonElement one)
    {
        var status = one.GetProperty("status").GetInt32();
        var meaning = one.TryGetProperty("meaning", out var more) ? $"<dt>What it means</dt><dd>{Shown(more.GetString()!)}</dd>" : "";
        return $"<dl>{meaning}<dt>What to do</dt><dd>{Shown(Text(one, "action"))}</dd><dt>HTTP status</dt><dd>{status} {Shown(((HttpStatusCode)status).ToString())}</dd>"
            + $"<dt>code</dt><dd><code>{Shown(Text(one, "code"))}</code></dd><dt>type</dt><dd><code>{Shown(Text(one, "type"))}</code></dd></dl><p><a href=\"/problems\">All problems</a></p>";
    }

    private static PreparedAnswer Page(string title, string body) => PreparedAnswer.Compress(Html, Encoding.UTF8.GetBytes(
        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Shown(title)}</title>"
        + $"<style>{Style}</style><main><h1>{Shown(title)}</h1>{body}</main></html>\n"));

    private static string Text(JsonElement one, string member) => one.GetProperty(member).GetString()!;

    private static string Shown(string text) => HtmlEncoder.Default.Encode(text);

    private static byte[] Read(string name)
    {
        using var resource = typeof(ApiDescription).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}
