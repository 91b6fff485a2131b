namespace Eco2.Worker.Knowledge;

/// <summary>Reads <c>words.yaml</c>.</summary>
internal static class WordsFile
{
    public static WordBook Read(string directory, Taxonomy taxonomy, TagBook tags)
    {
        var file = Entry.Open(Path.Combine(directory, "words.yaml"));
        var names = Phrases(file, "names", "is", code => taxonomy.FindItem(code) is not null || taxonomy.FindMiddle(code) is not null);
        var situations = Phrases(file, "situations", "tags", code => tags.Find(code) is not null);
        var claims = file.List("claims").Select(at =>
        {
            var claim = new Claim(at.Text("name"), at.Texts("words"));
            at.NothingElse();
            return claim;
        }).ToList();
        var book = new WordBook(taxonomy, names, situations, file.Texts("fillers"), file.Texts("disposal"), claims);
        file.NothingElse();
        return book;
    }

    private static List<Phrase> Phrases(Entry file, string key, string means, Func<string, bool> known)
    {
        var phrases = new List<Phrase>();
        var said = new Dictionary<string, Entry>();
        foreach (var at in file.List(key))
        {
            foreach (var code in at.Texts(means))
                if (!known(code)) throw at.Wrong($"unknown code '{code}'");
            foreach (var text in at.Texts("say"))
            {
                var phrase = new Phrase(text, at.Texts(means));
                // Spellings that differ in spacing only may stand together; two meanings may not.
                if (!said.TryAdd(phrase.Key, at) && said[phrase.Key] != at) throw at.Wrong($"'{text}' already stands at {said[phrase.Key].Where}");
                phrases.Add(phrase);
            }
            at.NothingElse();
        }
        return phrases;
    }
}
