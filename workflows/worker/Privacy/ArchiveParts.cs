using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;

namespace Eco2.Worker.Privacy;

/// <summary>A stream that only goes forward and becomes objects of 4 MiB, so that an archive of any size needs little memory and every message of the
/// sidecar stays small. What is written waits until <see cref="StoreAsync"/>; whoever writes calls it between files.</summary>
internal sealed class ArchiveParts(ObjectStore objects, Guid exportId) : Stream
{
    private const int PartBytes = 4 << 20;
    private readonly MemoryStream waiting = new();
    private int parts;
    private long bytes;

    internal int Parts => parts;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => bytes; set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        waiting.Write(buffer);
        bytes += buffer.Length;
    }

    /// <summary>Stores every full part; at the end the last one too.</summary>
    internal async Task StoreAsync(bool isEnd, CancellationToken ct)
    {
        var (whole, from) = (waiting.GetBuffer().AsMemory(0, (int)waiting.Length), 0);
        while (whole.Length - from >= PartBytes || (isEnd && whole.Length > from))
        {
            var size = Math.Min(PartBytes, whole.Length - from);
            await objects.PutAsync(ExportObjects.Part(exportId, parts + 1), whole.Slice(from, size), "application/octet-stream", ct);
            parts++;
            from += size;
        }

        var rest = whole[from..].ToArray();
        waiting.SetLength(0);
        waiting.Write(rest);
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
