using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Eco2.Services.Tests.Image;

public sealed class ImageTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = [0xFF, 0xD8, 0xFF, 0xE0, .. "a picture"u8];
    private readonly TestClock clock = new();
    private readonly Guid user = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private readonly Guid other = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private TestSidecar sidecar = null!;
    private WebApplication media = null!;
    private ServiceHost host = null!;

    public async Task InitializeAsync()
    {
        sidecar = await TestSidecar.StartAsync("image", "media");
        media = await StartMediaAsync();
        host = await ServiceHost.StartAsync(Eco2.Image.Program.Build, await PostgresCluster.CreateDatabaseAsync(), clock, sidecar.OptionsOf("image"));
        await sidecar.AttachAsync("media", new Uri(media.Urls.First()));
        await sidecar.AttachAsync("image", host.Address);
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await media.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task An_announced_upload_goes_to_its_address_and_comes_back_to_its_owner()
    {
        var began = await BeginAsync();
        var key = began.GetProperty("key").GetString()!;
        var url = began.GetProperty("upload_url").GetString()!;

        var put = await PutAsync(url, Jpeg, "image/jpeg");
        var repeated = await PutAsync(url, Jpeg, "image/jpeg");
        var confirmed = await (await PostAsync("/api/v1/images/scan/callback", new { key, checksum = Convert.ToHexString(SHA256.HashData(Jpeg)) })).JsonAsync();
        var picture = await GetAsync("/api/v1/images/" + key, user);
        var thumbnail = await GetAsync($"/api/v1/images/{key}/thumbnail", user);
        var stored = await (await GetAsync("/internal/images/" + key, user)).JsonAsync();

        Assert.Equal(900, began.GetProperty("expires_in").GetInt32());
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
        Assert.Equal(user, confirmed.GetProperty("uploader_id").GetGuid());
        Assert.Equal("v", confirmed.GetProperty("metadata").GetProperty("k").GetString());
        Assert.Equal(Jpeg, await picture.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/jpeg", picture.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", picture.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(picture.Headers.CacheControl?.Private);
        Assert.Equal("image/webp", thumbnail.Content.Headers.ContentType?.MediaType);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Jpeg)), stored.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task One_call_uploads_and_somebody_elses_picture_is_not_there()
    {
        var answer = await PutAsync("/api/v1/images/scan", Jpeg, "image/jpeg", user);
        var key = (await answer.JsonAsync()).GetProperty("key").GetString()!;

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        foreach (var path in (string[])[$"/api/v1/images/{key}", $"/api/v1/images/{key}/thumbnail", $"/internal/images/{key}"])
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(path, user)).StatusCode);
            await (await GetAsync(path, other)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "image");
            await (await GetAsync(path, null)).IsProblemAsync(HttpStatusCode.Unauthorized, "MISSING_USER_ID", "image");
        }
    }

    [Fact]
    public async Task A_callback_checks_owner_channel_size_and_content()
    {
        var began = await BeginAsync();
        var key = began.GetProperty("key").GetString()!;

        await (await PostAsync("/api/v1/images/scan/callback", new { key })).IsProblemAsync(HttpStatusCode.NotFound, "UPLOAD_NOT_FOUND", "image");
        await PutAsync(began.GetProperty("upload_url").GetString()!, Jpeg, "image/jpeg");
        await (await PostAsync("/api/v1/images/scan/callback", new { key }, other)).IsProblemAsync(HttpStatusCode.Forbidden, "UPLOADER_MISMATCH", "image");
        await (await PostAsync("/api/v1/images/chat/callback", new { key })).IsProblemAsync(HttpStatusCode.BadRequest, "CHANNEL_MISMATCH", "image");
        await (await PostAsync("/api/v1/images/scan/callback", new { key, checksum = "00" })).IsProblemAsync(HttpStatusCode.UnprocessableEntity, "CHECKSUM_MISMATCH", "image");
        await (await PostAsync("/api/v1/images/scan/callback", new { key, content_length = 1 })).IsProblemAsync(HttpStatusCode.BadRequest, "LENGTH_MISMATCH", "image");
        await (await PostAsync("/api/v1/images/scan/callback", new { key = "../../etc" })).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "image");
        await (await PostAsync("/api/v1/images/scan/callback", new { key = $"scan/{user}/{other}" })).IsProblemAsync(HttpStatusCode.NotFound, "UPLOAD_NOT_FOUND", "image");
    }

    [Fact]
    public async Task An_upload_that_is_not_what_was_announced_is_refused()
    {
        var url = (await BeginAsync()).GetProperty("upload_url").GetString()!;
        var lying = (await BeginAsync(new { content_type = "image/png", content_length = Jpeg.Length })).GetProperty("upload_url").GetString()!;
        var hashed = (await BeginAsync(new { content_type = "image/jpeg", content_length = Jpeg.Length, sha256 = new string('0', 64) })).GetProperty("upload_url").GetString()!;

        await (await PutAsync(url, Jpeg, "image/png")).IsProblemAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA", "image");
        await (await PutAsync(url, [.. Jpeg, 1], "image/jpeg")).IsProblemAsync(HttpStatusCode.BadRequest, "LENGTH_MISMATCH", "image");
        await (await PutAsync(url, Jpeg, "image/jpeg", other)).IsProblemAsync(HttpStatusCode.Forbidden, "UPLOADER_MISMATCH", "image");
        await (await PutAsync(url[..^2] + (url.EndsWith("AA", StringComparison.Ordinal) ? "BA" : "AA"), Jpeg, "image/jpeg")).IsProblemAsync(HttpStatusCode.NotFound, "UPLOAD_NOT_FOUND", "image");
        await (await PutAsync(lying, Jpeg, "image/png")).IsProblemAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA", "image");
        await (await PutAsync(hashed, Jpeg, "image/jpeg")).IsProblemAsync(HttpStatusCode.UnprocessableEntity, "CHECKSUM_MISMATCH", "image");
        clock.Advance(TimeSpan.FromMinutes(16));
        await (await PutAsync(url, Jpeg, "image/jpeg")).IsProblemAsync(HttpStatusCode.NotFound, "UPLOAD_NOT_FOUND", "image");
    }

    [Theory]
    [InlineData("""{"content_type":"image/jpeg","content_length":10485761}""", HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE")]
    [InlineData("""{"content_type":"image/svg+xml","content_length":10}""", HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA")]
    [InlineData("""{"content_length":10}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"content_type":"image/jpeg","content_length":0}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"content_type":"image/jpeg","content_length":"10"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"content_type":"image/jpeg","content_length":10,"owner":"me"}""", HttpStatusCode.BadRequest, "VALIDATION")]
    [InlineData("""{"content_type":"image/jpeg","content_length":10,"metadata":[]}""", HttpStatusCode.BadRequest, "VALIDATION")]
    public async Task An_announcement_that_cannot_be_is_refused(string body, HttpStatusCode status, string code)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/images/scan") { Content = Answers.Json(body) };
        request.Headers.Add("X-User-Id", user.ToString());

        await (await host.Client.SendAsync(request)).IsProblemAsync(status, code, "image");
    }

    [Fact]
    public async Task What_is_no_picture_or_too_large_is_refused_with_a_reason()
    {
        await (await PutAsync("/api/v1/images/scan", "no picture"u8.ToArray(), "image/jpeg", user)).IsProblemAsync(HttpStatusCode.UnprocessableEntity, "IMAGE_UNREADABLE", "image");
        await (await PutAsync("/api/v1/images/scan", Jpeg, "text/html", user)).IsProblemAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA", "image");
        await (await PutAsync("/api/v1/images/pets", Jpeg, "image/jpeg", user)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "image");
        await (await PutAsync("/api/v1/images/scan", new byte[10 * 1024 * 1024 + 1], "image/jpeg", user)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "image");
        await (await PutAsync("/api/v1/images/scan", new byte[10 * 1024 * 1024 + 1], "image/jpeg", user, chunked: true)).IsProblemAsync(HttpStatusCode.RequestEntityTooLarge, "TOO_LARGE", "image");
    }

    [Fact]
    public async Task When_media_is_away_it_says_503()
    {
        await media.StopAsync();

        await (await PutAsync("/api/v1/images/scan", Jpeg, "image/jpeg", user)).IsProblemAsync(HttpStatusCode.ServiceUnavailable, "OVERLOADED", "image");
    }

    private async Task<JsonElement> BeginAsync(object? body = null) => await (await PostAsync(
        "/api/v1/images/scan", body ?? new { filename = "사진.jpg", content_type = "image/jpeg", content_length = Jpeg.Length, metadata = new { k = "v" } })).JsonAsync();

    private Task<HttpResponseMessage> PostAsync(string path, object body, Guid? who = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("X-User-Id", (who ?? user).ToString());
        return host.Client.SendAsync(request);
    }

    private Task<HttpResponseMessage> PutAsync(string path, byte[] bytes, string type, Guid? who = null, bool chunked = false)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } } };
        request.Headers.TransferEncodingChunked = chunked ? true : null;
        if (who is not null)
        {
            request.Headers.Add("X-User-Id", who.ToString());
        }

        return host.Client.SendAsync(request);
    }

    private Task<HttpResponseMessage> GetAsync(string path, Guid? who)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (who is not null)
        {
            request.Headers.Add("X-User-Id", who.ToString());
        }

        return host.Client.SendAsync(request);
    }

    /// <summary>Stands in for the Node app: a JPEG is what begins like one.</summary>
    private async Task<WebApplication> StartMediaAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/v1/normalize", async (string key, HttpContext http) =>
        {
            http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            var bytes = body.ToArray();
            if (bytes is not [0xFF, 0xD8, 0xFF, ..])
            {
                return Results.Problem(statusCode: 422, title: "no picture", extensions: new Dictionary<string, object?> { ["code"] = "IMAGE_UNREADABLE" });
            }

            var folder = Directory.CreateDirectory(Path.Combine(sidecar.ObjectsFolder, key)).FullName;
            await File.WriteAllBytesAsync(Path.Combine(folder, "original"), bytes);
            await File.WriteAllBytesAsync(Path.Combine(folder, "thumbnail.webp"), bytes);
            return Results.Json(new { content_type = "image/jpeg", width = 4, height = 3, bytes = bytes.Length, sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) });
        });
        await app.StartAsync();
        return app;
    }
}
