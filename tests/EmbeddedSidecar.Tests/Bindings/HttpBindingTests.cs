using System.Net;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>bindings.http: what the called server gets, and what the caller hears of its answer.</summary>
public sealed class HttpBindingTests : IAsyncLifetime
{
    private static readonly HttpClient Http = new();
    private (string Target, IHeaderDictionary Headers, string Body) _seen;
    private RequestDelegate _answer = _ => Task.CompletedTask;
    private TestApp _server = null!;

    public async Task InitializeAsync() => _server = await TestApp.StartAsync(async http =>
    {
        using var reader = new StreamReader(http.Request.Body);
        _seen = ($"{http.Request.Method} {http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}", new HeaderDictionary(new Dictionary<string, StringValues>(http.Request.Headers, StringComparer.OrdinalIgnoreCase)), await reader.ReadToEndAsync());
        await _answer(http);
    });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("/api/", null, "GET /api/")]
    [InlineData("/api/", "//more?x=1", "GET /api/more?x=1")]
    [InlineData("", "more", "GET /more")]
    public async Task A_path_is_joined_by_one_slash_and_without_one_the_address_stays(string url, string? path, string expected)
    {
        await using var sidecar = await StartAsync(url);

        await PostAsync(sidecar, "get", path is null ? "{}" : $$"""{"path":"{{path}}"}""");

        Assert.Equal(expected, _seen.Target);
    }

    [Theory]
    [InlineData("post", "\"x\"", "application/json; charset=utf-8")]
    [InlineData("create", "\"x\"", "application/json; charset=utf-8")]
    [InlineData("delete", "", "")]
    [InlineData("get", "", "")]
    public async Task Only_some_methods_have_a_body(string operation, string body, string type)
    {
        await using var sidecar = await StartAsync();

        await PostAsync(sidecar, operation, "{}");

        Assert.Equal((body, type), (_seen.Body, _seen.Headers.ContentType.ToString()));
        Assert.Equal("application/json; charset=utf-8", _seen.Headers.Accept.ToString());
        Assert.NotEqual("", _seen.Headers.UserAgent.ToString());
    }

    [Fact]
    public async Task Metadata_in_capitals_are_headers_and_count_before_the_security_token()
    {
        await using var sidecar = await StartAsync("", "securityTokenHeader: X-Token", "securityToken: secret");

        await PostAsync(sidecar, "get", "{}");
        var token = _seen.Headers["X-Token"].ToString();
        await PostAsync(sidecar, "get", """{"X-Token":"mine","Content-Type":"text/plain","x-lower":"no","Host":"elsewhere","Content-Length":"7"}""");

        Assert.Equal(("secret", "mine", "text/plain", ""), (token, _seen.Headers["X-Token"].ToString(), _seen.Headers.ContentType.ToString(), _seen.Headers["x-lower"].ToString()));
        Assert.StartsWith("127.0.0.1:", _seen.Headers.Host.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_trace_of_the_caller_goes_on_whatever_the_metadata_say()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        await using var sidecar = await StartAsync();
        using var request = Request(sidecar, "get", """{"traceparent":"mine","Traceparent":"mine"}""");
        request.Headers.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "a=b");
        request.Headers.Add("baggage", "c=d");

        using var answer = await Http.SendAsync(request);

        Assert.StartsWith($"00-{trace}-", _seen.Headers.TraceParent.ToString(), StringComparison.Ordinal);
        Assert.Equal(("a=b", "c=d"), (_seen.Headers.TraceState.ToString(), _seen.Headers.Baggage.ToString()));
    }

    [Fact]
    public async Task Over_grpc_answers_have_the_names_of_headers_as_go_writes_them()
    {
        _answer = http =>
        {
            http.Response.StatusCode = 404;
            http.Response.Headers["x-answer"] = new(["a", "b"]);
            http.Response.Headers.ETag = "e";
            return http.Response.WriteAsync("gone");
        };
        await using var sidecar = await StartAsync();
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);
        var request = new InvokeBindingRequest { Name = "web", Operation = "put", Data = ByteString.CopyFromUtf8("bytes"), Metadata = { ["errorIfNot2XX"] = "off" } };

        var answer = await wire.UnaryAsync<InvokeBindingResponse>("/dapr.proto.runtime.v1.Dapr/InvokeBinding", request);

        Assert.Equal(("bytes", "gone"), (_seen.Body, answer.Data.ToStringUtf8()));
        Assert.Equal(["404", "404 Not Found", "a, b", "e"], ((string[])["statusCode", "status", "X-Answer", "Etag"]).Select(name => answer.Metadata[name]));
        Assert.NotEqual("", _seen.Headers.TraceParent.ToString());
    }

    [Theory]
    [InlineData("4", "1234")]
    [InlineData("0", "1234567890")]
    [InlineData("1M", "1234567890")]
    public async Task An_answer_is_cut_off_at_the_limit(string limit, string expected)
    {
        _answer = http => http.Response.WriteAsync("1234567890");
        await using var sidecar = await StartAsync("", $"maxResponseBodySize: {limit}");

        Assert.Equal((HttpStatusCode.OK, expected), await PostAsync(sidecar, "get", "{}"));
    }

    [Theory]
    [InlineData("1", 900, 60_000)]
    [InlineData("20ms", 10, 60_000)]
    public async Task A_bare_number_of_the_timeout_is_seconds_and_the_body_counts_too(string limit, int atLeast, int lessThan)
    {
        _answer = async http =>
        {
            await http.Response.StartAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };
        await using var sidecar = await StartAsync("", $"responseTimeout: {limit}");
        var began = TimeProvider.System.GetTimestamp();

        var (status, body) = await PostAsync(sidecar, "get", "{}");

        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("context deadline exceeded", body, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds, atLeast, lessThan);
    }

    [Fact]
    public async Task An_empty_answer_is_200_and_not_204()
    {
        await using var sidecar = await StartAsync();

        Assert.Equal((HttpStatusCode.OK, ""), await PostAsync(sidecar, "head", "{}"));
    }

    [Theory]
    [InlineData("responseTimeout: 0")]
    [InlineData("maxResponseBodySize: much")]
    [InlineData("maxResponseBodySize: 1Kim")]
    [InlineData("MTLSRootCA: ca.pem")]
    public async Task What_cannot_be_honoured_stops_the_start(string setting) =>
        await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync("", setting));

    private Task<SidecarFixture> StartAsync(string path = "", params string[] settings) => SidecarFixture.StartAsync(
        SidecarFixture.Component("web", "bindings.http", [$"url: http://127.0.0.1:{_server.Port}{path}", .. settings]), new AppSettings { AppId = "app" });

    private static HttpRequestMessage Request(SidecarFixture sidecar, string operation, string metadata) =>
        new(HttpMethod.Post, new Uri(sidecar["app"].HttpEndpoint, "/v1.0/bindings/web"))
        {
            Content = new StringContent($$"""{"operation":"{{operation}}","data":"x","metadata":{{metadata}}}""", Encoding.UTF8, "application/json"),
        };

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(SidecarFixture sidecar, string operation, string metadata)
    {
        using var request = Request(sidecar, operation, metadata);
        using var answer = await Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
