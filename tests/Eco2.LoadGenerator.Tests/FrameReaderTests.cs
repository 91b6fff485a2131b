using System.Text;
using Xunit;

namespace Eco2.LoadGenerator.Tests;

public sealed class FrameReaderTests
{
    private const string Stream =
        "retry: 2000\n\nid: 1\nevent: queued\ndata: {\"a\":1}\n\nevent: keepalive\ndata: {}\n\n: a comment\n\nid: 12\nevent: something-new\r\ndata: {}\n\nid: 13\nevent: done\ndata: {\"long\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}\n\n";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(10_000)]
    public void Frames_are_the_same_however_their_bytes_come(int partBytes)
    {
        var reader = new FrameReader();
        var frames = new List<Frame>();
        foreach (var part in Encoding.UTF8.GetBytes(Stream).Chunk(partBytes))
        {
            ReadOnlySpan<byte> bytes = part;
            while (reader.Read(ref bytes, out var frame))
            {
                frames.Add(frame);
            }
        }

        Assert.Equal([new Frame(1, "queued"), new Frame(0, "keepalive"), new Frame(12, "something-new"), new Frame(13, "done")], frames);
    }
}
