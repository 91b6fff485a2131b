using Eco2.Worker.Models;
using Microsoft.Extensions.AI;
using Xunit;

namespace Eco2.Worker.Tests.Models;

/// <summary>Pictures are put into a request while it is sent.</summary>
public sealed class PicturesTests : IAsyncLifetime
{
    private FakeProvider provider = null!;

    public async Task InitializeAsync() => provider = await FakeProvider.StartAsync();

    public async Task DisposeAsync() => await provider.DisposeAsync();

    [Fact]
    public async Task Pictures_of_all_sizes_arrive_in_their_places_and_words_that_look_like_their_names_stay_words()
    {
        byte[][] pictures = [Bytes(1), Bytes(48 * 1024), Bytes(48 * 1024 + 1), Bytes(300_001)];
        const string Words = """{"url":"picture:1"} picture:1 \"url\":\"picture:2""";
        provider.Otherwise = FakeProvider.OpenAi("{}");

        await AskAsync(
            new ChatMessage(ChatRole.System, Words),
            new ChatMessage(ChatRole.User, [new TextContent(Words), .. pictures.Select(bytes => new DataContent(bytes, "image/png"))]),
            new ChatMessage(ChatRole.User, "once more"));
        await AskAsync(new ChatMessage(ChatRole.User, Words));

        var sent = provider.Requests.Select(request => request.Body.GetProperty("messages")).ToArray();
        Assert.Equal(Words, sent[0][0].GetProperty("content").GetString());
        var parts = sent[0][1].GetProperty("content");
        Assert.Equal(Words, parts[0].GetProperty("text").GetString());
        Assert.Equal(pictures.Length + 1, parts.GetArrayLength());
        for (var n = 0; n < pictures.Length; n++)
        {
            Assert.Equal("data:image/png;base64," + Convert.ToBase64String(pictures[n]), parts[n + 1].GetProperty("image_url").GetProperty("url").GetString());
        }

        Assert.Contains("once more", sent[0][2].ToString(), StringComparison.Ordinal);
        Assert.Contains("picture:1", sent[1][0].ToString(), StringComparison.Ordinal);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private async Task AskAsync(params ChatMessage[] messages)
    {
        using var http = new HttpClient();
        using var chat = new OpenAiChat(http, new Uri(provider.Address, "v1"), "key", "model");
        await chat.GetResponseAsync(messages);
    }
}
