using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>Requests and answers on their way through: sizes, streams, and what the sidecar cannot do.</summary>
public sealed class PassingTests : IAsyncLifetime
{
    private OneGateway gateway = null!;

    public async Task InitializeAsync() => gateway = await OneGateway.StartAsync();

    public async Task DisposeAsync() => await gateway.DisposeAsync();

    [Fact]
    public async Task Bodies_are_bounded_by_route_announced_or_not()
    {
        using var announced = new HttpRequestMessage(HttpMethod.Post, "/api/v1/character/x") { Content = new ByteArrayContent(new byte[300_000]) };
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/character/x") { Content = new StreamContent(new MemoryStream(new byte[300_000])) };
        chunked.Headers.TransferEncodingChunked = true;
        using var picture = new HttpRequestMessage(HttpMethod.Put, "/api/v1/images/scan") { Content = new ByteArrayContent(new byte[5_000_000]) };
        foreach (var request in (HttpRequestMessage[])[announced, chunked, picture])
        {
            request.Headers.Add("Authorization", "Bearer " + gateway.Sidecar.Token());
        }

        await (await gateway.Client.SendAsync(announced)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "gateway");
        await (await gateway.Client.SendAsync(chunked)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "gateway");
        Assert.Equal(5_000_000, (await (await gateway.Client.SendAsync(picture)).JsonAsync()).GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task An_empty_document_is_passed_on_as_one()
    {
        string? type = null;
        gateway.Sidecar.Handle = (_, _, http) =>
        {
            type = http.Request.ContentType;
            return http.Response.WriteAsync("{}");
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/character/x") { Content = new StringContent("", Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Bearer " + gateway.Sidecar.Token());

        using var answer = await gateway.Client.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, "application/json; charset=utf-8"), (answer.StatusCode, type));
    }

    [Fact]
    public async Task A_stream_passes_event_by_event_and_ends_at_the_app_when_the_client_leaves()
    {
        var step = new SemaphoreSlim(0);
        var left = new TaskCompletionSource();
        gateway.Sidecar.Handle = async (_, _, http) =>
        {
            http.Response.ContentType = "text/event-stream";
            http.RequestAborted.Register(left.SetResult);
            for (var i = 1; ; i++)
            {
                await http.Response.WriteAsync($"id: {i}\n\n");
                await http.Response.Body.FlushAsync();
                await step.WaitAsync(http.RequestAborted);
            }
        };
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/jobs/x/events");
        request.Headers.Add("Authorization", "Bearer " + gateway.Sidecar.Token());

        var answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using (var lines = new StreamReader(await answer.Content.ReadAsStreamAsync()))
        {
            // Each event is there before the app is let on to the next.
            Assert.Equal("id: 1", await lines.ReadLineAsync());
            await lines.ReadLineAsync();
            step.Release();
            Assert.Equal("id: 2", await lines.ReadLineAsync());
        }

        answer.Dispose();
        await left.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_request_body_reaches_the_app_before_it_is_whole()
    {
        var first = new TaskCompletionSource<int>();
        gateway.Sidecar.Handle = async (_, _, http) =>
        {
            var buffer = new byte[100];
            first.SetResult(await http.Request.Body.ReadAsync(buffer));
            await http.Request.Body.CopyToAsync(Stream.Null);
        };
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, gateway.Host.Address.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"PUT /api/v1/images/scan HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {gateway.Sidecar.Token()}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"));

        Assert.Equal(5, await first.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        await tcp.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray());
        using var answer = new StreamReader(tcp.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await answer.ReadLineAsync());
    }

    [Fact]
    public async Task An_app_that_is_away_is_503_and_its_own_500_stays_500()
    {
        gateway.Sidecar.Handle = async (app, _, http) =>
        {
            http.Response.StatusCode = 500;
            if (app == "scan")
            {
                const string Said = """{"errorCode":"ERR_DIRECT_INVOKE","message":"scan cannot be reached"}""";
                http.Response.ContentLength = Said.Length;
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(Said);
            }
            else
            {
                await http.Response.WriteAsJsonAsync(new { type = "urn:eco2:my:internal", code = "INTERNAL" }, options: null, contentType: "application/problem+json");
            }
        };

        var away = await gateway.GetAsync("/api/v1/scan", gateway.Sidecar.Token());
        var broken = await gateway.GetAsync("/api/v1/users/me", gateway.Sidecar.Token());

        Assert.Equal(HttpStatusCode.InternalServerError, broken.StatusCode);
        await away.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        Assert.NotNull(away.Headers.RetryAfter);
    }

    [Fact]
    public async Task What_is_too_long_for_the_sidecar_is_a_problem_like_any_other()
    {
        gateway.Sidecar.Handle = async (_, _, http) =>
        {
            http.Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
            await http.Response.WriteAsync("too large");
        };

        await (await gateway.GetAsync("/api/v1/scan", gateway.Sidecar.Token())).IsProblemAsync(HttpStatusCode.RequestHeaderFieldsTooLarge, "HEADERS_TOO_LARGE", "gateway");
    }

    [Fact]
    public async Task Without_a_sidecar_it_lives_and_says_503()
    {
        await using var alone = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build);
        using var outside = alone.NewClient(token: false);

        Assert.Equal(HttpStatusCode.OK, (await outside.GetAsync(new Uri("/healthz", UriKind.Relative))).StatusCode);
        var signIn = await outside.PostAsync("/api/v1/auth/sign-in", Answers.Json("{}"));
        await signIn.IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "gateway");
        Assert.Equal("nosniff", signIn.Headers.GetValues("X-Content-Type-Options").Single());
    }
}
