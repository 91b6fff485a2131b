using System.Net;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

public sealed class ApiDescriptionTests : IAsyncLifetime
{
    private ServiceHost host = null!;
    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        host = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build);
        // There is no sidecar to ask for keys.
        host.ExpectErrors();
        client = host.NewClient(token: false);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await host.DisposeAsync();
    }

    [Fact]
    public async Task The_document_is_the_one_in_the_repository_and_not_sent_twice()
    {
        using var first = await client.GetAsync("/openapi.json");
        using var again = await GetAsync("/openapi.json", "If-None-Match", first.Headers.ETag!.ToString());
        using var packed = await GetAsync("/openapi.json", "Accept-Encoding", "gzip, br");

        Assert.Equal(await File.ReadAllTextAsync(TestSidecar.Repository("contracts/openapi/eco2.json")), await first.Content.ReadAsStringAsync());
        Assert.Equal("application/json", first.Content.Headers.ContentType!.MediaType);
        Assert.Equal("public, max-age=300", first.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Equal(["br"], packed.Content.Headers.ContentEncoding);
        Assert.True(packed.Content.Headers.ContentLength < first.Content.Headers.ContentLength / 5);
        Assert.NotEqual(first.Headers.ETag, packed.Headers.ETag);
    }

    [Fact]
    public async Task Every_problem_has_a_page_for_programs_and_for_people()
    {
        var problems = (await (await client.GetAsync("/problems")).JsonAsync()).GetProperty("problems").EnumerateArray().ToList();

        foreach (var problem in problems)
        {
            var url = problem.GetProperty("url").GetString()!;
            using var json = await client.GetAsync(url);
            using var html = await GetAsync(url, "Accept", "text/html");
            var page = await html.Content.ReadAsStringAsync();

            Assert.True(JsonElement.DeepEquals(problem, await json.JsonAsync()));
            Assert.Equal("text/html", html.Content.Headers.ContentType!.MediaType);
            Assert.Contains(problem.GetProperty("type").GetString()!, page, StringComparison.Ordinal);
            Assert.Contains(WebUtility.HtmlEncode(problem.GetProperty("action").GetString()!).Replace("&#39;", "&#x27;", StringComparison.Ordinal), page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        }

        Assert.True(problems.Count > 80);
    }

    [Fact]
    public async Task What_a_program_is_told_and_what_a_browser_is_told_are_kept_apart()
    {
        using var json = await client.GetAsync("/problems");
        using var html = await GetAsync("/problems", "Accept", "text/html,*/*;q=0.8");
        var policy = html.Headers.GetValues("Content-Security-Policy").Single();

        Assert.NotEqual(json.Headers.ETag, html.Headers.ETag);
        Assert.Contains("Accept", html.Headers.Vary);
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("href=\"/problems/auth/invalid-code\"", await html.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/problems/auth/no-such-thing")]
    [InlineData("/problems/nobody/invalid-code")]
    [InlineData("/problems/auth/%3Cscript%3E")]
    public async Task What_is_no_problem_is_not_found(string path)
    {
        using var answer = await client.GetAsync(path);

        await answer.IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "gateway");
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
    }

    private Task<HttpResponseMessage> GetAsync(string path, string header, string value)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return client.SendAsync(request);
    }
}
