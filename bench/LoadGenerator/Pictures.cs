namespace Eco2.LoadGenerator;

/// <summary>Pictures to upload.</summary>
public static class Pictures
{
    /// <summary>All JPEGs of a folder, by name.</summary>
    public static async Task<IReadOnlyList<byte[]>> ReadAsync(string folder, CancellationToken ct)
    {
        var pictures = new List<byte[]>();
        foreach (var file in Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal))
        {
            pictures.Add(await File.ReadAllBytesAsync(file, ct));
        }

        return pictures.Count > 0 ? pictures : throw new InvalidOperationException($"There is no *.jpg in {folder}.");
    }
}
