namespace Eco2.Worker.Knowledge;

/// <summary>Finds which of many phrases a text contains, in one walk over the text instead of one search per phrase.</summary>
internal sealed class PhraseIndex
{
    // By the first two letters: hangul syllables are so many that few phrases share two.
    private readonly Dictionary<(char, char), List<Form>> forms = [];

    private readonly record struct Form(string Text, Phrase Phrase);

    /// <param name="phrases">Those of a single syllable are never found: 컵 is in 컵라면 and is no cup.</param>
    public PhraseIndex(IEnumerable<Phrase> phrases)
    {
        foreach (var phrase in phrases)
        {
            foreach (var form in phrase.IsKorean ? [phrase.Key] : phrase.Forms)
            {
                if (form.Length < 2) continue;
                var start = (form[0], form[1]);
                if (!forms.TryGetValue(start, out var list)) forms.Add(start, list = []);
                list.Add(new Form(form, phrase));
            }
        }
    }

    /// <summary>Each phrase in the text, with the place where it begins last.</summary>
    /// <param name="squashed">The text as <see cref="Korean.Squash"/> makes it.</param>
    /// <param name="words">The text as <see cref="WordBook.Words"/> makes it.</param>
    public Dictionary<Phrase, int> FindIn(string squashed, string words)
    {
        // Two phrases may say the same: each counts for itself.
        var found = new Dictionary<Phrase, int>(ReferenceEqualityComparer.Instance);
        Walk(squashed, isKorean: true, found);
        Walk(words, isKorean: false, found);
        return found;
    }

    private void Walk(string text, bool isKorean, Dictionary<Phrase, int> found)
    {
        for (var at = 0; at + 1 < text.Length; at++)
        {
            if (!forms.TryGetValue((text[at], text[at + 1]), out var list)) continue;
            foreach (var (form, phrase) in list)
            {
                if (phrase.IsKorean == isKorean && text.AsSpan(at).StartsWith(form)) found[phrase] = at;
            }
        }
    }
}
