using System.Globalization;

namespace EmbeddedSidecar.Components;

/// <summary>
/// Reads the metadata of one component, names in any letter case, and remembers what was read: what nobody read is refused by name,
/// so that a setting is either honoured or complained about.
/// </summary>
internal sealed class ComponentMetadata(ComponentSpec spec)
{
    private readonly Dictionary<string, string> _values = new(spec.Metadata, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _read = new(StringComparer.OrdinalIgnoreCase);

    public ComponentSpec Spec { get; } = spec;

    public string? Optional(string name)
    {
        _read.Add(name);
        return _values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }

    /// <summary>The value under exactly this name: there are a few that Dapr sees in no other letter case.</summary>
    public string? Exactly(string name) =>
        _values.Keys.FirstOrDefault(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } written && written != name
            ? throw Refuse(written, $"must be written \"{name}\": Dapr does not see it otherwise")
            : Optional(name);

    public string Required(string name) => Optional(name) ?? throw Refuse(name, "is required");

    public string Text(string name, string whenAbsent) => Optional(name) ?? whenAbsent;

    public int Integer(string name, int whenAbsent) =>
        Optional(name) is not { } text ? whenAbsent
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refuse(name, $"is not an integer: \"{text}\"");

    public long Long(string name, long whenAbsent) =>
        Optional(name) is not { } text ? whenAbsent
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refuse(name, $"is not an integer: \"{text}\"");

    /// <summary>True or false as Go writes them; some components of Dapr take no other words.</summary>
    public bool GoFlag(string name, bool whenAbsent) =>
        Optional(name) is not { } text ? whenAbsent
        : GoBool.TryParse(text, out var value) ? value
        : throw Refuse(name, $"is not true or false: \"{text}\"");

    public bool Flag(string name, bool whenAbsent) =>
        Optional(name)?.ToUpperInvariant() switch
        {
            null => whenAbsent,
            "TRUE" or "1" or "T" or "Y" or "YES" or "ON" => true,
            "FALSE" or "0" or "F" or "N" or "NO" or "OFF" => false,
            var other => throw Refuse(name, $"is not true or false: \"{other}\""),
        };

    /// <summary>A duration such as 15s or 1m30s; a bare number is milliseconds.</summary>
    public TimeSpan Duration(string name, TimeSpan whenAbsent) =>
        Optional(name) is not { } text ? whenAbsent
        : GoDuration.TryParse(text, out var duration) ? duration
        : throw Refuse(name, $"is not a duration such as 15s: \"{text}\"");

    /// <summary>A duration such as 15s or 1m30s; a bare number is seconds, as most components of Dapr read it.</summary>
    public TimeSpan DurationOrSeconds(string name, TimeSpan whenAbsent) =>
        long.TryParse(Optional(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : Duration(name, whenAbsent);

    /// <summary>A number of bytes, or a quantity such as 100Mi or 1.5M.</summary>
    public long Bytes(string name, long whenAbsent)
    {
        if (Optional(name) is not { } text)
        {
            return whenAbsent;
        }

        var digits = text.TrimEnd('k', 'K', 'M', 'G', 'T', 'i');
        var exponent = text[digits.Length..] switch { "" => 0, "k" or "Ki" => 1, "M" or "Mi" => 2, "G" or "Gi" => 3, "T" or "Ti" => 4, _ => -1 };
        return exponent >= 0
            && decimal.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && Math.Abs(number) < 1_000_000_000_000
            ? (long)Math.Min(long.MaxValue, Math.Ceiling(number * (decimal)Math.Pow(text.EndsWith('i') ? 1024 : 1000, exponent)))
            : throw Refuse(name, $"is not a size such as 100Mi: \"{text}\"");
    }

    /// <summary>Refuses settings that are there without a value, where Dapr does not take that for the default.</summary>
    public void RefuseEmpty(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (_values.TryGetValue(name, out var value) && value.Length == 0)
            {
                throw Refuse(name, "is empty, which is not the default: leave it out");
            }
        }
    }

    /// <summary>Accepts names that make no difference here.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _read.Add(name);
        }
    }

    /// <summary>Everything not read by name so far whose name passes the filter, as written; counts as read.</summary>
    public IReadOnlyDictionary<string, string> Rest()
    {
        var rest = _values.Where(pair => !_read.Contains(pair.Key)).ToDictionary(StringComparer.OrdinalIgnoreCase);
        _read.UnionWith(rest.Keys);
        return rest;
    }

    /// <summary>A complaint about one setting of this component, naming file, component and setting.</summary>
    public SidecarConfigurationException Refuse(string name, string why) =>
        new($"{Spec.File}: component \"{Spec.Name}\" ({Spec.Type}): metadata \"{name}\" {why}.");

    /// <exception cref="SidecarConfigurationException">A setting was given that nobody read.</exception>
    public void RefuseUnread()
    {
        var unread = _values.Keys.Where(name => !_read.Contains(name)).Order(StringComparer.Ordinal).ToList();
        if (unread.Count > 0)
        {
            throw Refuse(string.Join("\", \"", unread), "is not supported by the embedded sidecar");
        }
    }
}
