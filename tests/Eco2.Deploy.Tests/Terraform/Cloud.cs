using Eco2.Deploy.Tests.Compose;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Terraform;

/// <summary>A folder of <c>deploy/terraform</c>, read.</summary>
internal sealed record Cloud(string Name, IReadOnlyDictionary<string, string> Texts, IReadOnlyList<Block> Blocks)
{
    public static string Folder { get; } = Path.Combine(Checkout.Root, "deploy", "terraform");

    public static IReadOnlyList<string> Names { get; } = ["aws", "azure", "gcp"];

    /// <summary>As it is, or after a change to one of its files.</summary>
    public static Cloud Load(string name, string file = "", string from = "", string to = "")
    {
        var texts = Directory.GetFiles(Path.Combine(Folder, name), "*.tf").ToDictionary(path => Path.GetFileName(path), File.ReadAllText);
        if (file != "")
        {
            texts[file] = texts[file].Contains(from, StringComparison.Ordinal)
                ? texts[file].Replace(from, to, StringComparison.Ordinal)
                : throw new InvalidOperationException($"{name}/{file} does not say: {from}");
        }

        return new Cloud(name, texts, [.. texts.SelectMany(pair => Hcl.Parse(pair.Value, $"{name}/{pair.Key}").Blocks)]);
    }

    public IEnumerable<Block> Of(string type) => Blocks.Where(block => block.Type == type);

    public IEnumerable<Block> Resources(string type) => Of("resource").Where(block => block.Labels[0] == type);

    /// <summary>What the target's components read from the environment.</summary>
    public IEnumerable<string> Wanted => Directory.GetFiles(Path.Combine(Checkout.Root, "components", Name), "*.yaml").Select(File.ReadAllText)
        .SelectMany(text => text.Split("\n---")).Where(part => part.Contains("\nkind: Component", StringComparison.Ordinal)).Select(ComposeProject.Read)
        .SelectMany(document => ((IEnumerable<object>)((IDictionary<object, object>)document["spec"])["metadata"]).Cast<IDictionary<object, object>>())
        .Where(setting => setting.ContainsKey("envRef")).Select(setting => setting["envRef"].ToString()!).Distinct();
}
