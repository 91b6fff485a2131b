using System.Net;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Character;

public sealed class PictureTests : IAsyncLifetime
{
    private static readonly byte[] PngStart = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];
    private ServiceHost host = null!;

    public async Task InitializeAsync() =>
        host = await ServiceHost.StartAsync(Eco2.Character.Program.Build, await PostgresCluster.CreateDatabaseAsync());

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Each_character_of_the_catalogue_has_a_picture_of_its_own_where_it_says()
    {
        var catalogue = (await (await GetAsync("/api/v1/character/catalog")).JsonAsync()).EnumerateArray().ToList();
        var seen = new HashSet<string>();

        foreach (var character in catalogue)
        {
            var answer = await GetAsync(character.GetProperty("image_url").GetString()!);
            var bytes = await answer.Content.ReadAsByteArrayAsync();

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("image/png", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal(PngStart, bytes[..8]);
            Assert.InRange(bytes.Length, 1_000, 12_000);
            Assert.True(seen.Add(Convert.ToBase64String(bytes)), $"{character.GetProperty("code")} has the picture of another");
        }

        Assert.Equal(13, seen.Count);
    }

    [Fact]
    public async Task A_picture_may_be_cached_by_anybody_and_answers_304_to_its_tag()
    {
        var answer = await GetAsync("/assets/character/eco.png");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/assets/character/eco.png");
        request.Headers.Add("If-None-Match", answer.Headers.ETag!.ToString());
        using var head = new HttpRequestMessage(HttpMethod.Head, "/assets/character/eco.png");

        var again = await host.Client.SendAsync(request);
        var headOnly = await host.Client.SendAsync(head);

        Assert.Equal("public, max-age=86400", answer.Headers.CacheControl?.ToString());
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await again.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, headOnly.StatusCode);
        Assert.Equal(answer.Content.Headers.ContentLength, headOnly.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/assets/character/nobody.png")]
    [InlineData("/assets/character/ECO.png")]
    [InlineData("/assets/character/..%2Fcharacters.json.png")]
    [InlineData("/assets/character/..%2F..%2Fetc%2Fpasswd.png")]
    [InlineData("/assets/character/%2e%2e%2feco.png")]
    [InlineData("/assets/character/eco.png.png")]
    [InlineData("/assets/character/eco.jpg")]
    [InlineData("/assets/character/characters.json")]
    public async Task Any_other_name_is_404(string path) =>
        await (await GetAsync(path)).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "character");

    [Fact]
    public async Task Only_the_sidecar_may_ask_for_a_picture()
    {
        using var stranger = host.NewClient(token: false);

        await (await stranger.GetAsync(new Uri("/assets/character/eco.png", UriKind.Relative))).IsProblemAsync(HttpStatusCode.Unauthorized, "UNAUTHORIZED", "character");
    }

    private Task<HttpResponseMessage> GetAsync(string path) => host.Client.GetAsync(new Uri(path, UriKind.Relative));
}
