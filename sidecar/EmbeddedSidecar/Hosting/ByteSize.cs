using System.Globalization;
using EmbeddedSidecar.Resources;

namespace EmbeddedSidecar.Hosting;

/// <summary>Sizes as Kubernetes writes them: 4194304, 4Mi, 10M.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units =
        [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("", 1)];

    public static int Parse(YamlMap map, string name, string text)
    {
        foreach (var (suffix, factor) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && long.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number > 0 && number <= int.MaxValue / factor)
            {
                return (int)(number * factor);
            }
        }

        throw map.Refuse(name, $"is not a size such as 4Mi: \"{text}\"");
    }
}
