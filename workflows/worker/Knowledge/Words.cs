using System.Text;

namespace Eco2.Worker.Knowledge;

/// <summary>What a user's words say about the object.</summary>
/// <param name="Item">The item, when they name one.</param>
/// <param name="Middle">The category: of the item, of several items that share a name, or of a word for the whole category.</param>
/// <param name="Label">The words that named it, when they name no single item.</param>
/// <param name="Rivals">Items of different categories with the same name: only the picture or the user can tell.</param>
/// <param name="Tags">Situations they mention.</param>
/// <param name="AsksOtherwise">They ask about something that has nothing to do with disposal.</param>
internal sealed record WordSense(
    Item? Item,
    Middle? Middle,
    string? Label,
    IReadOnlyList<Item> Rivals,
    IReadOnlyList<string> Tags,
    bool AsksOtherwise)
{
    public bool NamesSomething => Middle is not null || Rivals.Count > 0;
}

/// <summary>A way to say something, and what is meant: items, categories or tags.</summary>
internal sealed record Phrase(string Text, IReadOnlyList<string> Codes)
{
    public string Key { get; } = Korean.HasHangul(Text) ? Korean.Squash(Text) : WordBook.Words(Text);

    public bool IsKorean { get; } = Korean.HasHangul(Text);

    /// <summary>A Latin word and its plurals, each between spaces.</summary>
    public IReadOnlyList<string> Forms { get; } = Korean.HasHangul(Text)
        ? []
        : [WordBook.Words(Text), WordBook.Words(Text).TrimEnd() + "s ", WordBook.Words(Text).TrimEnd() + "es "];
}

/// <summary>Reads what people type: the names of the taxonomy plus the everyday words of <c>words.yaml</c>.</summary>
internal sealed class WordBook
{
    private readonly Taxonomy _taxonomy;
    private readonly List<Phrase> _names;
    private readonly PhraseIndex _nameIndex;
    private readonly Dictionary<string, Phrase> _exact = [];
    private readonly IReadOnlyList<Phrase> _situations;
    private readonly PhraseIndex _situationIndex;
    private readonly IReadOnlyList<string> _fillers;
    private readonly IReadOnlyList<string> _disposal;

    public WordBook(Taxonomy taxonomy, IReadOnlyList<Phrase> names, IReadOnlyList<Phrase> situations, IReadOnlyList<string> fillers,
        IReadOnlyList<string> disposal, IReadOnlyList<Claim> claims)
    {
        (_taxonomy, _situations, Claims) = (taxonomy, [.. situations.OrderByDescending(p => p.Key.Length)], claims);
        _fillers = [.. fillers.Select(Korean.Squash).OrderByDescending(f => f.Length)];
        _disposal = [.. disposal.Select(Korean.Squash)];
        // The taxonomy's own names come first: at the same length they win.
        _names = [.. NamesOf(taxonomy).Concat(names).OrderByDescending(p => p.Key.Length)];
        foreach (var name in _names) _exact.TryAdd(Korean.Squash(name.Text), name);
        (_nameIndex, _situationIndex) = (new PhraseIndex(_names), new PhraseIndex(_situations));
    }

    /// <summary>Words by which an answer claims a place or an act; used to check what a model wrote.</summary>
    public IReadOnlyList<Claim> Claims { get; }

    /// <summary>A single item by its name or alias, spacing and punctuation aside.</summary>
    public Item? Exact(string? text) =>
        text is not null && _exact.GetValueOrDefault(Korean.Squash(text)) is { Codes: [var only] } ? _taxonomy.FindItem(only) : null;

    public WordSense Read(string? userInput)
    {
        if (string.IsNullOrWhiteSpace(userInput)) return new WordSense(null, null, null, [], [], false);
        var squashed = Korean.Squash(userInput);
        var words = Words(userInput);
        var tags = Situations(squashed, words);
        var phrase = _exact.GetValueOrDefault(Strip(squashed)) ?? Longest(squashed, words);
        if (phrase is null)
            return new WordSense(null, null, null, [], tags, tags.Count == 0 && userInput.Trim().Contains(' ') && !_disposal.Any(squashed.Contains));
        var items = phrase.Codes.Select(_taxonomy.FindItem).OfType<Item>().ToList();
        var middles = items.Select(i => i.MiddleCode).Concat(phrase.Codes.Where(c => _taxonomy.FindMiddle(c) is not null)).Distinct().ToList();
        return new WordSense(
            items is [var one] && phrase.Codes.Count == 1 ? one : null,
            middles is [var middle] ? _taxonomy.FindMiddle(middle) : null,
            items.Count == 1 ? null : phrase.Text,
            middles.Count > 1 ? items : [],
            tags, false);
    }

    /// <summary>Latin words in lower case between single spaces, with a space at both ends; hangul and signs separate.</summary>
    public static string Words(string text)
    {
        var made = new StringBuilder(" ");
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c)) made.Append(char.ToLowerInvariant(c));
            else if (c != '\'' && made[^1] != ' ') made.Append(' ');
        }
        if (made[^1] != ' ') made.Append(' ');
        return made.ToString();
    }

    private List<string> Situations(string squashed, string words)
    {
        var found = new List<string>();
        var mentioned = _situationIndex.FindIn(squashed, words);
        if (mentioned.Count == 0) return found;
        foreach (var phrase in _situations)
        {
            if (!mentioned.ContainsKey(phrase) || !Contains(phrase, squashed, words)) continue;
            // What is read is used up: "안 깨진" must not be read again as "깨진".
            if (phrase.IsKorean) squashed = squashed.Replace(phrase.Key, "\n", StringComparison.Ordinal);
            else words = words.Replace(phrase.Key, " | ", StringComparison.Ordinal);
            found.AddRange(phrase.Codes.Where(c => !found.Contains(c)));
        }
        return found;
    }

    private static bool Contains(Phrase phrase, string squashed, string words) => phrase.IsKorean
        ? squashed.Contains(phrase.Key, StringComparison.Ordinal)
        : phrase.Forms.Any(form => words.Contains(form, StringComparison.Ordinal));

    /// <summary>Of names of one length the last: in both languages what it is comes after what it is for.</summary>
    private Phrase? Longest(string squashed, string words)
    {
        var found = _nameIndex.FindIn(squashed, words);
        if (found.Count == 0) return null;
        var longest = found.Keys.Max(p => p.Key.Length);
        return _names.Where(p => p.Key.Length == longest && found.ContainsKey(p)).MaxBy(p => p.IsKorean ? found[p] : 0);
    }

    private string Strip(string squashed)
    {
        for (var again = true; again;)
        {
            again = false;
            foreach (var filler in _fillers)
            {
                if (squashed.Length <= filler.Length) continue;
                if (squashed.EndsWith(filler, StringComparison.Ordinal)) (squashed, again) = (squashed[..^filler.Length], true);
                else if (squashed.StartsWith(filler, StringComparison.Ordinal)) (squashed, again) = (squashed[filler.Length..], true);
            }
        }
        return squashed;
    }

    private static IEnumerable<Phrase> NamesOf(Taxonomy taxonomy)
    {
        var texts = taxonomy.Items.SelectMany(i => i.Aliases.Prepend(i.Ko).Select(name => (name, i.Code)))
            .Concat(taxonomy.Middles.Where(m => m.Code != Taxonomy.Unclassified).Select(m => (m.Ko, m.Code)));
        return texts.GroupBy(t => t.Item1).Select(g => new Phrase(g.Key, [.. g.Select(t => t.Item2).Distinct()]));
    }
}

/// <summary>Words that all claim the same thing.</summary>
internal sealed record Claim(string Name, IReadOnlyList<string> Words)
{
    private readonly (bool IsKorean, string Text)[] keys =
        [.. Words.Select(word => Korean.HasHangul(word) ? (true, Korean.Squash(word)) : (false, ' ' + word))];

    public bool IsIn(ReadText text) => Array.Exists(keys, key => (key.IsKorean ? text.Squashed : text.Words).Contains(key.Text, StringComparison.Ordinal));
}

/// <summary>A text in the forms in which it is searched.</summary>
internal sealed record ReadText(string Text)
{
    public string Squashed { get; } = Korean.Squash(Text);

    public string Words { get; } = WordBook.Words(Text);
}
