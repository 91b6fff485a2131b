using System.Net;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace EmbeddedSidecar.Tests.Invoke;

public sealed class InvokeHttpTests
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { ResponseHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 });

    [Fact]
    public async Task Verb_path_query_body_and_headers_arrive_and_status_and_headers_come_back()
    {
        await using var app = await TestApp.StartAsync(async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            http.Response.StatusCode = 418;
            http.Response.Headers["X-Answer"] = "찻주전자";
            var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
            await http.Response.WriteAsync(
                $"{http.Request.Method} {target} {await body.ReadToEndAsync()} {http.Request.Headers["X-Ask"]} {http.Request.Headers["dapr-caller-app-id"]} "
                + $"[{http.Request.Headers["dapr-api-token"]}] [{http.Request.Headers["X-Drop"]}]");
        });
        await using var sidecar = await StartAsync(app);
        using var request = new HttpRequestMessage(HttpMethod.Patch, Url(sidecar, "/v1.0/invoke/callee/method/a%2Fb//c/?q=1%202"))
        {
            Content = new StringContent("본문"),
        };
        request.Headers.Add("X-Ask", "ask");
        request.Headers.Add("X-Drop", "secret");
        request.Headers.Connection.Add("X-Drop");
        request.Headers.Add("dapr-api-token", "caller-token");

        using var response = await Http.SendAsync(request);

        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("찻주전자", response.Headers.GetValues("X-Answer").Single());
        Assert.Equal("PATCH /a/b/c?q=1%202 본문 ask caller [app-token] []", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_endless_answer_streams_and_ends_when_the_caller_hangs_up()
    {
        var gone = new TaskCompletionSource();
        var second = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            if (http.Request.Path != "/stream")
            {
                return;
            }

            http.RequestAborted.Register(gone.SetResult);
            await http.Response.WriteAsync("data: 1\n\n");
            await second.Task;
            await http.Response.WriteAsync("data: 2\n\n");
            await gone.Task;
        });
        await using var sidecar = await StartAsync(app);

        var response = await Http.GetAsync(Url(sidecar, "/v1.0/invoke/callee/method/stream"), HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(10));
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
        {
            Assert.Equal("data: 1", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
            second.SetResult();
            Assert.Equal("", await reader.ReadLineAsync());
            Assert.Equal("data: 2", await reader.ReadLineAsync());
        }

        response.Dispose();
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_chunked_upload_flows_while_it_is_sent_and_too_much_is_413()
    {
        await using var app = await TestApp.StartAsync(async http =>
        {
            long count = 0;
            var buffer = new byte[65536];
            int read;
            while ((read = await http.Request.Body.ReadAsync(buffer)) > 0)
            {
                count += read;
            }

            await http.Response.WriteAsync($"{count}");
        });
        await using var sidecar = await StartAsync(app, maxBody: 5_000_000);

        using var fits = await Http.PostAsync(Url(sidecar, "/v1.0/invoke/callee/method/up"), new Chunks(4_000_000));
        using var large = new ByteArrayContent(new byte[6_000_000]);
        using var refused = await Http.PostAsync(Url(sidecar, "/v1.0/invoke/callee/method/up"), large);

        Assert.Equal("4000000", await fits.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    [Fact]
    public async Task The_app_may_be_named_in_a_header_and_any_other_path_is_its_method()
    {
        await using var app = await TestApp.StartAsync(http => http.Response.WriteAsync(http.Request.Path + "|" + http.Request.Headers["dapr-app-id"]));
        await using var sidecar = await StartAsync(app);
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(sidecar, "/api/v1/scan"));
        request.Headers.Add("dapr-app-id", "callee");

        using var response = await Http.SendAsync(request);

        Assert.Equal("/api/v1/scan|", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/v1.0/invoke/nobody/method/x", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/away/method/x", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/callee/method/a%3Fb", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/callee/method/a%0Ab", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/callee/method/%ff%fe", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/callee/method/a%25b", HttpStatusCode.InternalServerError)]
    [InlineData("/v1.0/invoke/callee/method", HttpStatusCode.NotFound)]
    [InlineData("/v1.0/no/such/api", HttpStatusCode.NotFound)]
    [InlineData("/v1.0/state/store", HttpStatusCode.NotFound)]
    public async Task What_cannot_be_invoked_is_ERR_DIRECT_INVOKE(string path, HttpStatusCode status)
    {
        await using var app = await TestApp.StartAsync(http => http.Response.WriteAsync("never"));
        await using var sidecar = await StartAsync(app);

        using var response = await Http.GetAsync(new Uri(sidecar["caller"].HttpEndpoint, path));

        Assert.Equal(status, response.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/%2e%2e%2fb", "/b")]
    [InlineData("%2e%2e/%2e%2e/x//", "/x")]
    [InlineData("a%2541", "/a%41")]
    [InlineData("a%20b%EC%83%9D(c)", "/a%20b%EC%83%9D%28c%29")]
    [InlineData("x;y=1,2(3)", "/x;y=1,2(3)")]
    [InlineData("", "/")]
    public async Task A_path_is_decoded_and_cleaned_on_its_way(string path, string arrived)
    {
        await using var app = await TestApp.StartAsync(http => http.Response.WriteAsync(http.Features.Get<IHttpRequestFeature>()!.RawTarget));
        await using var sidecar = await StartAsync(app);

        Assert.Equal(arrived, await Http.GetStringAsync(Url(sidecar, "/v1.0/invoke/callee/method/" + path)));
    }

    [Fact]
    public async Task Replicas_take_turns_and_one_that_is_away_is_passed_over()
    {
        await using var one = await TestApp.StartAsync(http => http.Response.WriteAsync("1"));
        await using var two = await TestApp.StartAsync(http => http.Response.WriteAsync("2"));
        await using var sidecar = await SidecarFixture.StartAsync(
            "",
            new AppSettings { AppId = "caller" },
            new AppSettings { AppId = "callee", AppPort = one.Port },
            new AppSettings { AppId = "callee", AppPort = two.Port },
            new AppSettings { AppId = "callee", AppPort = 1 });
        var heard = new List<string>();

        // Until its sidecar has found it, a replica is the last to be asked.
        await Eventually.TrueAsync(
            async () =>
            {
                heard.Add(await Http.GetStringAsync(Url(sidecar, "/v1.0/invoke/callee/method/x")));
                return heard.Distinct().Count() == 2;
            },
            "both are asked");
        for (var i = 0; i < 6; i++)
        {
            heard.Add(await Http.GetStringAsync(Url(sidecar, "/v1.0/invoke/callee/method/x")));
        }

        Assert.Equal(["1", "2"], heard.TakeLast(6).Distinct().Order());
    }

    private static Task<SidecarFixture> StartAsync(TestApp app, int maxBody = 4 << 20) =>
        SidecarFixture.StartAsync(
            "",
            new AppSettings { AppId = "caller", MaxBodyBytes = maxBody },
            new AppSettings { AppId = "callee", AppPort = app.Port, AppToken = "app-token" },
            new AppSettings { AppId = "away", AppPort = 1 });

    private static Uri Url(SidecarFixture sidecar, string path) =>
        new($"http://127.0.0.1:{sidecar["caller"].HttpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private sealed class Chunks(int bytes) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = bytes; left > 0; left -= 50_000)
            {
                await stream.WriteAsync(new byte[Math.Min(50_000, left)]);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
