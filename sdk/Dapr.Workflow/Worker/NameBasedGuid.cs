using System.Security.Cryptography;
using System.Text;

namespace Dapr.Workflow.Worker;

/// <summary>Version 5 ids (RFC 9562): the same name gives the same id on every machine.</summary>
internal static class NameBasedGuid
{
    // The RFC's own namespace for URLs; any constant would do.
    private static readonly byte[] Namespace = new Guid("6ba7b811-9dad-11d1-80b4-00c04fd430c8").ToByteArray(bigEndian: true);

    public static Guid Create(string name)
    {
        var size = Encoding.UTF8.GetByteCount(name);
        Span<byte> input = size <= 256 ? stackalloc byte[16 + 256] : new byte[16 + size];
        Namespace.CopyTo(input);
        Encoding.UTF8.GetBytes(name, input[16..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // Version 5 is defined with SHA-1; nothing secret depends on it.
        SHA1.HashData(input[..(16 + size)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
