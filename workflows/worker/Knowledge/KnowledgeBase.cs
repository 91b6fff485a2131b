namespace Eco2.Worker.Knowledge;

/// <summary>Everything the product knows about waste, read once at start. Refuses to load what contradicts itself.</summary>
internal sealed record KnowledgeBase(Taxonomy Taxonomy, TagBook Tags, RuleBase Rules, WordBook Words)
{
    /// <summary>The files that stand beside the program.</summary>
    public static string DefaultDirectory => Path.Combine(AppContext.BaseDirectory, "Knowledge", "data");

    public static KnowledgeBase Load() => Load(DefaultDirectory);

    /// <exception cref="KnowledgeException">Names the file, the line and what is wrong.</exception>
    public static KnowledgeBase Load(string directory)
    {
        var taxonomy = TaxonomyFile.Read(directory);
        var tags = TagsFile.Read(directory, taxonomy);
        return new KnowledgeBase(taxonomy, tags, RuleFile.ReadAll(directory, taxonomy, tags), WordsFile.Read(directory, taxonomy, tags));
    }
}
