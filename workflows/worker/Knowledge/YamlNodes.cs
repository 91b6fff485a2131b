using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Eco2.Worker.Knowledge;

/// <summary>A knowledge file says something that can't be: where and what. The worker does not start with it.</summary>
internal sealed class KnowledgeException(string message) : Exception(message);

/// <summary>A place in a knowledge file, to read from and to complain about.</summary>
internal sealed class Entry(string file, YamlNode node)
{
    private readonly HashSet<string> _read = [];

    public string Where => $"{file}:{node.Start.Line}";

    public static Entry Open(string path)
    {
        if (!File.Exists(path)) throw new KnowledgeException($"{Path.GetFileName(path)}: the file is missing");
        var text = File.ReadAllText(path);
        var name = Path.GetFileName(path);
        var line = 0;
        foreach (var row in text.Split('\n'))
        {
            line++;
            if (!Korean.IsComposed(row)) throw new KnowledgeException($"{name}:{line}: the text is not NFC");
        }
        line = 1;
        try
        {
            // The plain parser knows the line of a mistake; the document model does not always.
            for (var parser = new Parser(new StringReader(text)); parser.MoveNext();) line = (int)parser.Current!.Start.Line;
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count != 1) throw new KnowledgeException($"{name}:1: must hold one document");
            return new Entry(name, stream.Documents[0].RootNode);
        }
        catch (YamlException e)
        {
            throw new KnowledgeException($"{name}:{e.Start.Line}: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new KnowledgeException($"{name}:{line}: not readable as YAML, here or just after");
        }
    }

    public KnowledgeException Wrong(string what) => new($"{Where}: {what}");

    public string Text(string key) => Find(key) is { } found ? found.Scalar() : throw Wrong($"'{key}' is missing");

    public string? TextOrNull(string key) => Find(key)?.Scalar();

    public int Number(string key) =>
        int.TryParse(Text(key), out var n) ? n : throw Wrong($"'{key}' must be a number");

    public bool Flag(string key) => TextOrNull(key) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw Wrong($"'{key}' must be true or false"),
    };

    public Entry Part(string key) => Find(key) ?? throw Wrong($"'{key}' is missing");

    public Entry? PartOrNull(string key) => Find(key);

    public IReadOnlyList<Entry> List(string key)
    {
        if (Find(key) is not { } found) return [];
        return found.Items();
    }

    public IReadOnlyList<string> Texts(string key) => [.. List(key).Select(e => e.Scalar())];

    public IReadOnlyList<Entry> Items() => node is YamlSequenceNode list
        ? [.. list.Children.Select(child => new Entry(file, child))]
        : throw Wrong("must be a list");

    public string Scalar() => node is YamlScalarNode { Value: { Length: > 0 } value } ? value : throw Wrong("must be a text");

    /// <summary>A spelling mistake in a key would silently lose what stands under it.</summary>
    public void NothingElse()
    {
        foreach (var key in Map().Children.Keys)
            if (key is YamlScalarNode { Value: { } name } && !_read.Contains(name))
                throw new KnowledgeException($"{file}:{key.Start.Line}: unknown key '{name}'");
    }

    private Entry? Find(string key)
    {
        _read.Add(key);
        return Map().Children.TryGetValue(new YamlScalarNode(key), out var value) ? new Entry(file, value) : null;
    }

    private YamlMappingNode Map() => node as YamlMappingNode ?? throw Wrong("must be a mapping");
}

/// <summary>The same sentence in both languages of the product.</summary>
internal sealed record Said(string Ko, string En)
{
    public string In(string language) => language == "en" ? En : Ko;

    public static Said Read(Entry at)
    {
        var said = new Said(at.Text("ko"), at.Text("en"));
        at.NothingElse();
        return said;
    }
}
