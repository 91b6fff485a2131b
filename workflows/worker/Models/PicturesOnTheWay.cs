using System.Buffers;
using System.Buffers.Text;
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Models;

/// <summary>Puts pictures into the requests that hold some while they are sent. The package would make of each a string, escape it and copy it: ten times the picture in
/// memory, for the seconds a call takes. So a request is written with a short name in the picture's place.</summary>
internal sealed class PicturesOnTheWay : PipelinePolicy
{
    private const string Scheme = "picture:";
    // No text of a message can hold this: its quotes would be escaped.
    private static readonly byte[] Before = Encoding.ASCII.GetBytes($"\"url\":\"{Scheme}");
    private readonly ConcurrentDictionary<string, DataContent> pictures = new();
    private long last;

    /// <summary>The address to write instead of the picture, until <see cref="Forget"/>.</summary>
    internal Uri NameOf(DataContent picture)
    {
        var name = Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
        pictures[name] = picture;
        return new Uri(Scheme + name);
    }

    internal void Forget(Uri name) => pictures.TryRemove(name.AbsolutePath, out _);

    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
        throw new NotSupportedException("Providers are asked asynchronously.");

    public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        if (message.Request.Content is { } content)
        {
            var written = new MemoryStream();
            await content.WriteToAsync(written, message.CancellationToken);
            message.Request.Content = Fill(written.GetBuffer().AsMemory(0, (int)written.Length));
            content.Dispose();
        }

        await ProcessNextAsync(message, pipeline, currentIndex);
    }

    private Filled Fill(ReadOnlyMemory<byte> json)
    {
        var parts = new List<(ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Picture)>();
        while (json.Span.IndexOf(Before) is >= 0 and var found)
        {
            var name = found + Before.Length;
            var end = name + json.Span[name..].IndexOf((byte)'"');
            var picture = pictures[Encoding.ASCII.GetString(json.Span[name..end])];
            parts.Add(((byte[])[.. json.Span[..(name - Scheme.Length)], .. Encoding.ASCII.GetBytes($"data:{picture.MediaType};base64,")], picture.Data));
            json = json[end..];
        }

        parts.Add((json, default));
        return new Filled(parts);
    }

    private sealed class Filled(List<(ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Picture)> parts) : BinaryContent
    {
        // A multiple of three, so that no piece but the last is padded.
        private const int Piece = 48 * 1024;

        public override bool TryComputeLength(out long length)
        {
            length = parts.Sum(part => (long)part.Json.Length + Base64.GetMaxEncodedToUtf8Length(part.Picture.Length));
            return true;
        }

        public override async Task WriteToAsync(Stream stream, CancellationToken cancellationToken = default)
        {
            var text = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(Piece));
            try
            {
                foreach (var (json, picture) in parts)
                {
                    await stream.WriteAsync(json, cancellationToken);
                    for (var at = 0; at < picture.Length; at += Piece)
                    {
                        Base64.EncodeToUtf8(picture.Span.Slice(at, Math.Min(Piece, picture.Length - at)), text, out _, out var made);
                        await stream.WriteAsync(text.AsMemory(0, made), cancellationToken);
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(text);
            }
        }

        public override void WriteTo(Stream stream, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("Providers are asked asynchronously.");

        public override void Dispose()
        {
            // All of it belongs to the garbage collector.
        }
    }
}
