using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Eco2.Contracts.Character;
using Microsoft.Extensions.Options;

namespace Eco2.Character.Catalog;

/// <summary>The characters, from the versioned file <c>characters.json</c>. A file that contradicts itself stops the start.</summary>
internal sealed class CharacterCatalog
{
    private readonly FrozenDictionary<string, Entry> byMatch;

    public CharacterCatalog(IOptions<CharacterOptions> options)
    {
        using var stream = typeof(CharacterCatalog).Assembly.GetManifestResourceStream("characters.json")
            ?? throw new InvalidOperationException("characters.json is not in the assembly.");
        var data = JsonSerializer.Deserialize<Data>(stream, Json) ?? throw new InvalidOperationException("characters.json is empty.");
        Version = data.Version;
        Entries = data.Characters;
        Check(Entries);
        var assets = (options.Value.AssetBase ?? data.AssetBase).TrimEnd('/');
        ImageUrl = entry => $"{assets}/character/{entry.Asset}.png";
        byMatch = Entries.Where(e => e.MatchCode is not null).ToFrozenDictionary(e => e.MatchCode!, StringComparer.Ordinal);
        Default = Entries.Single(e => e.IsDefault);
        ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { assets, data }, Json)).AsSpan(0, 12))}\"";
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    /// <param name="Code">Stable.</param>
    /// <param name="Name">Korean.</param>
    /// <param name="Match">Korean name of the middle category that earns it; null for the mascot.</param>
    /// <param name="MatchCode">Its code.</param>
    /// <param name="Asset">Name of its picture.</param>
    /// <param name="Type">What it stands for.</param>
    /// <param name="Dialog">One line it says.</param>
    /// <param name="Nicknames">How people call it in a chat.</param>
    /// <param name="IsDefault">Granted at sign-up.</param>
    /// <param name="Aliases">Codes of earlier versions, for imports only.</param>
    internal sealed record Entry(
        string Code,
        string Name,
        string? Match,
        string? MatchCode,
        string Asset,
        string Type,
        string Dialog,
        IReadOnlyList<string> Nicknames,
        bool IsDefault = false,
        IReadOnlyList<string>? Aliases = null);

    private sealed record Data(string Version, string AssetBase, IReadOnlyList<Entry> Characters);

    public string Version { get; }

    public string ETag { get; }

    public IReadOnlyList<Entry> Entries { get; }

    public Entry Default { get; }

    public Func<Entry, string> ImageUrl { get; }

    public Entry? ByMatch(string middleCode) => byMatch.GetValueOrDefault(middleCode);

    public RewardCharacter Shown(Entry entry) => new(entry.Code, entry.Name, entry.Type, entry.Dialog, ImageUrl(entry));

    public Entry ByCode(string code) => Entries.First(e => e.Code == code);

    private static void Check(IReadOnlyList<Entry> entries)
    {
        if (entries.Count(e => e.IsDefault) != 1)
        {
            throw new InvalidOperationException("characters.json: exactly one character is the default.");
        }

        foreach (var (what, value) in new (string, Func<Entry, string?>)[] { ("code", e => e.Code), ("name", e => e.Name), ("match_code", e => e.MatchCode) })
        {
            var twice = entries.Select(value).OfType<string>().GroupBy(v => v).FirstOrDefault(g => g.Count() > 1);
            if (twice is not null)
            {
                throw new InvalidOperationException($"characters.json: {what} {twice.Key} is there twice.");
            }
        }
    }
}
