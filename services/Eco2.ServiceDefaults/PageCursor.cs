using System.Buffers.Text;

namespace Eco2.ServiceDefaults;

/// <summary>Where the next page of a list that is newest first begins: the id of the last row shown, as 22 characters for an address.</summary>
public static class PageCursor
{
    /// <summary>The cursor of the page after <paramref name="last"/>.</summary>
    public static string After(Guid last) => Base64Url.EncodeToString(last.ToByteArray(bigEndian: true));

    /// <summary>False for what is no cursor of ours; without a cursor the list begins at its start.</summary>
    public static bool TryRead(string? cursor, out Guid before)
    {
        before = Guid.AllBitsSet;
        if (string.IsNullOrEmpty(cursor))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[16];
        if (cursor.Length != 22 || !Base64Url.IsValid(cursor) || !Base64Url.TryDecodeFromChars(cursor, bytes, out var written) || written != 16)
        {
            return false;
        }

        before = new Guid(bytes, bigEndian: true);
        return true;
    }
}
