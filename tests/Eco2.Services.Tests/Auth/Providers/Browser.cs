using System.Net;
using System.Net.Http.Headers;
using Xunit;

namespace Eco2.Services.Tests.Auth.Providers;

/// <summary>Somebody's browser between auth and a provider: it keeps cookies and goes where it is sent.</summary>
internal sealed class Browser(ServiceHost host) : IDisposable
{
    public const string PublicUrl = "https://eco2.example";
    private readonly HttpClient outside = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>The whole way there and back. Returns where on the page it ends, such as <c>https://eco2.example/#/home</c>.</summary>
    public async Task<string> SignInAsync(string provider = "local", string query = "") => await FinishAsync(await StartAsync(provider, query));

    /// <summary>The provider's address that auth sends to.</summary>
    public async Task<string> StartAsync(string provider = "local", string query = "")
    {
        using var answer = await GetAsync($"/api/v1/auth/{provider}/authorize?redirect=true{query}");
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return answer.Headers.Location!.OriginalString;
    }

    /// <summary>Signs in at the provider and brings its answer back.</summary>
    public async Task<string> FinishAsync(string address) => await ReturnAsync(await AtProviderAsync(address));

    /// <summary>Signs in at the provider. Returns the path that it sends back to.</summary>
    public async Task<string> AtProviderAsync(string address)
    {
        using var answer = await outside.GetAsync(new Uri(address));
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, $"the provider answered {(int)answer.StatusCode}");
        Assert.Equal(PublicUrl, answer.Headers.Location!.GetLeftPart(UriPartial.Authority));
        return answer.Headers.Location.PathAndQuery;
    }

    /// <summary>Brings an answer of the provider back.</summary>
    public async Task<string> ReturnAsync(string path)
    {
        using var answer = await GetAsync(path);
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        Assert.True(answer.Headers.CacheControl!.NoStore);
        return answer.Headers.Location!.OriginalString;
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        if (Cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(c => $"{c.Key}={c.Value}")));
        }

        var answer = await host.Client.SendAsync(request);
        foreach (var cookie in Set(answer.Headers))
        {
            var pair = cookie.Split(';')[0].Split('=', 2);
            Cookies[pair[0]] = pair[1];
        }

        return answer;
    }

    /// <summary>Who is signed in here, by the access cookie: user and session.</summary>
    public (string User, string Session)? Who()
    {
        if (!Cookies.TryGetValue("s_access", out var token))
        {
            return null;
        }

        var claims = System.Text.Json.JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement;
        return (claims.GetProperty("sub").GetString()!, claims.GetProperty("sid").GetString()!);
    }

    /// <summary>What the edge says about whoever is signed in here.</summary>
    public (string Name, string Value)[] Identity() => Who() is var (user, session) ? [("X-User-Id", user), ("X-Session-Id", session)] : [];

    public void Dispose() => outside.Dispose();

    private static IEnumerable<string> Set(HttpResponseHeaders headers) => headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [];
}
