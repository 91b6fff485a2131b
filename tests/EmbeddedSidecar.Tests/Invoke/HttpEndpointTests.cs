using System.Net;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace EmbeddedSidecar.Tests.Invoke;

/// <summary>Invoking who has no sidecar: by address, or by the name of an HTTPEndpoint.</summary>
public sealed class HttpEndpointTests
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    [Theory]
    [InlineData("/v1.0/invoke/{0}/base/method/a%2Fb/c?q=1%202", "")]
    [InlineData("/v1.0/invoke/{1}%2Fbase/method/a%2Fb/c?q=1%202", "")]
    [InlineData("/a%2Fb/c?q=1%202", "{0}/base")]
    public async Task An_address_is_invoked_like_an_app(string path, string header)
    {
        await using var outside = await EchoAsync();
        await using var sidecar = await StartAsync("");
        var address = $"http://127.0.0.1:{outside.Port}";
        using var request = new HttpRequestMessage(HttpMethod.Put, Url(sidecar, path.Replace("{0}", address, StringComparison.Ordinal).Replace("{1}", Uri.EscapeDataString(address), StringComparison.Ordinal)))
        {
            Content = new StringContent("본문"),
        };
        request.Headers.Add("X-Ask", "ask");
        if (header != "")
        {
            request.Headers.Add("dapr-app-id", header.Replace("{0}", address, StringComparison.Ordinal));
        }

        using var answer = await Http.SendAsync(request);

        Assert.Equal(418, (int)answer.StatusCode);
        // Who calls, and its token, is not told.
        Assert.Equal("PUT /base/a/b/c?q=1%202 본문 [ask] []", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_endpoint_has_headers_of_its_own_and_is_followed_where_it_sends_who_asks()
    {
        await using var outside = await EchoAsync();
        await using var sidecar = await StartAsync($$"""
            {{SidecarFixture.Component("keys", "secretstores.local.env")}}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: outside }
            spec:
              baseUrl: http://127.0.0.1:{{outside.Port}}/base
              headers:
              - { name: X-Ask, value: "{appID}" }
              - { name: Authorization, secretKeyRef: { name: OUTSIDE_KEY, key: OUTSIDE_KEY } }
            auth: { secretStore: keys }
            """);
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(sidecar, "/v1.0/invoke/outside/method/moved"));
        request.Headers.Add("X-Ask", "ask");

        using var answer = await Http.SendAsync(request);
        using var posted = await Http.PostAsync(Url(sidecar, "/v1.0/invoke/outside/method/moved"), new StringContent("x"));
        var metadata = await Http.GetStringAsync(Url(sidecar, "/v1.0/metadata"));

        Assert.Equal("GET /base/here  [{appID}] [swordfish]", await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.TemporaryRedirect, posted.StatusCode);
        Assert.Contains("\"httpEndpoints\":[{\"name\":\"outside\"}]", metadata, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_has_an_authority_and_a_certificate_of_its_own()
    {
        using var certificates = new TestCertificates(intermediate: true);
        await using var server = await TlsServer.StartAsync(certificates);
        await using var sidecar = await StartAsync(
            SidecarFixture.Component("keys", "secretstores.local.file", $"secretsFile: {WriteSecrets(certificates)}")
            + Endpoint("outside", $"clientTLS: {{ {Value("rootCA", certificates.Ca)}, {Value("certificate", certificates.ClientCertificate)}, privateKey: {{ secretKeyRef: {{ name: clientKey }} }}, renegotiation: RenegotiateNever }}")
            + Endpoint("nobody", $"clientTLS: {{ {Value("rootCA", certificates.Ca)} }}")
            + Endpoint("unbelieving", $"clientTLS: {{ {Value("certificate", certificates.ClientCertificate)}, {Value("privateKey", certificates.ClientKey)} }}"));

        Assert.Equal("hello CN=eco2", await Http.GetStringAsync(Url(sidecar, "/v1.0/invoke/outside/method/x")));
        using var nobody = await Http.GetAsync(Url(sidecar, "/v1.0/invoke/nobody/method/x"));
        using var unbelieving = await Http.GetAsync(Url(sidecar, "/v1.0/invoke/unbelieving/method/x"));
        Assert.Equal(HttpStatusCode.InternalServerError, nobody.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await unbelieving.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        string Endpoint(string name, string more) =>
            $"---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: {name} }}\nspec:\n  baseUrl: {server.Address}\n  {more}\nauth: {{ secretStore: keys }}\n";

        static string Value(string name, string pem) => $"{name}: {{ value: \"{pem.ReplaceLineEndings("\\n")}\" }}";

        static string WriteSecrets(TestCertificates certificates)
        {
            var file = Path.Combine(certificates.Folder, "secrets.json");
            File.WriteAllText(file, JsonSerializer.Serialize(new Dictionary<string, string> { ["clientKey"] = certificates.ClientKey }));
            return file;
        }
    }

    [Theory]
    [InlineData("/v1.0/invoke/http://127.0.0.1:1/method/x", HttpStatusCode.InternalServerError, "failed to invoke, id: http://127.0.0.1:1, err: ")]
    [InlineData("/v1.0/invoke/http://127.0.0.1:1x/method/x", HttpStatusCode.InternalServerError, "failed to invoke, id: http://127.0.0.1:1x, err: ")]
    [InlineData("/v1.0/invoke/http://127.0.0.1:1/way/x", HttpStatusCode.NotFound, "failed getting app id")]
    public async Task Who_is_not_there_is_ERR_DIRECT_INVOKE(string path, HttpStatusCode status, string because)
    {
        await using var sidecar = await StartAsync("");

        using var answer = await Http.GetAsync(Url(sidecar, path));

        var said = await answer.Content.ReadAsStringAsync();
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", said, StringComparison.Ordinal);
        Assert.Contains(because, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("baseUrl: http://x, clientTLS: { rootCA: { value: x } }", "clientTLS holds what is no certificate")]
    [InlineData("baseUrl: http://x, clientTLS: { privateKey: { value: x } }", "certificate is missing beside privateKey")]
    [InlineData("baseUrl: http://x, clientTLS: { renegotiation: often }", "renegotiation is no way to renegotiate")]
    [InlineData("baseUrl: http://x, clientTLS: { verify: false }", "verify of clientTLS is not supported")]
    [InlineData("baseUrl: somewhere", "baseUrl is no address")]
    public async Task What_cannot_be_honoured_is_refused_by_name(string spec, string because)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(
            () => StartAsync($"---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: x }}\nspec: {{ {spec} }}\n"));

        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }

    private static Task<TestApp> EchoAsync() => TestApp.StartAsync(async http =>
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (target == "/base/moved")
        {
            http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            http.Response.Headers.Location = "/base/here";
            return;
        }

        using var body = new StreamReader(http.Request.Body);
        http.Response.StatusCode = 418;
        await http.Response.WriteAsync(
            $"{http.Request.Method} {target} {await body.ReadToEndAsync()} [{http.Request.Headers["X-Ask"]}] "
            + $"[{http.Request.Headers["dapr-caller-app-id"]}{http.Request.Headers["dapr-api-token"]}{http.Request.Headers.Authorization}]");
    });

    private static Task<SidecarFixture> StartAsync(string resources) => SidecarFixture.StartAsync(
        resources,
        new AppSettings { AppId = "caller", AppToken = "app-token", Environment = new Dictionary<string, string> { ["OUTSIDE_KEY"] = "swordfish" } });

    private static Uri Url(SidecarFixture sidecar, string path) =>
        new($"http://127.0.0.1:{sidecar["caller"].HttpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
