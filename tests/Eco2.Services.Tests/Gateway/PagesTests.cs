using System.Net;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>What the gateway does with a folder that holds a page. That the real one works is shown in web/tests.</summary>
public sealed class PagesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("eco2-pages-").FullName;

    public PagesTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "static"));
        File.WriteAllText(Path.Combine(folder, "index.html"), "<!doctype html>");
        File.WriteAllText(Path.Combine(folder, "static/a-1.js"), "plain");
        File.WriteAllText(Path.Combine(folder, "static/a-1.js.br"), "brotli");
        File.WriteAllText(Path.Combine(folder, "static/a-1.js.gz"), "gzip");
        File.WriteAllText(Path.Combine(folder, "secret.key"), "not a file of a page");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("br, gzip", "br", "brotli")]
    [InlineData("gzip, br;q=0", "gzip", "gzip")]
    [InlineData("zstd", null, "plain")]
    [InlineData("", null, "plain")]
    public async Task A_file_comes_as_the_browser_takes_it(string accepts, string? encoding, string body)
    {
        await using var host = await StartAsync();
        using var client = host.NewClient(token: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/static/a-1.js");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepts);

        using var response = await client.SendAsync(request);

        Assert.Equal(body, await response.Content.ReadAsStringAsync());
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Equal("text/javascript; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains("immutable", response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_policy_lets_pictures_go_to_the_bucket_and_nothing_else_anywhere()
    {
        await using var host = await StartAsync("Pages:PictureOrigins:0=https://bucket.example.com");
        using var client = host.NewClient(token: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation("Accept", "text/html,*/*;q=0.8");

        using var response = await client.SendAsync(request);

        Assert.Equal("<!doctype html>", await response.Content.ReadAsStringAsync());
        Assert.Equal(
            "default-src 'self'; img-src 'self' blob: https://bucket.example.com; connect-src 'self' https://bucket.example.com; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            response.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Theory]
    [InlineData("*")]
    [InlineData("https://bucket.example.com; script-src *")]
    [InlineData("https://bucket.example.com/path")]
    public async Task What_is_no_origin_does_not_get_into_the_policy(string origin) =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync($"Pages:PictureOrigins:0={origin}"));

    [Theory]
    [InlineData("/secret.key")]
    [InlineData("/static/a-1.js.br")]
    [InlineData("/elsewhere")]
    public async Task What_is_no_file_of_the_page_is_not_there(string path)
    {
        await using var host = await StartAsync();
        using var client = host.NewClient(token: false);

        using var response = await client.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_program_is_told_what_this_is()
    {
        await using var host = await StartAsync();
        using var client = host.NewClient(token: false);

        using var response = await client.GetAsync("/");

        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    private Task<ServiceHost> StartAsync(params string[] options) =>
        ServiceHost.StartAsync(Eco2.Gateway.Program.Build, null, null, [$"Pages:Folder={folder}", .. options]);
}
