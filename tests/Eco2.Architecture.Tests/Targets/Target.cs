using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>A folder of <c>components/</c>, read.</summary>
internal sealed partial record Target(string Name, IReadOnlyList<ComponentFile> Components, IReadOnlyList<SubscriptionFile> Subscriptions, ResiliencyFile Resiliency)
{
    /// <summary>The target that the others are held against.</summary>
    public const string Model = "redis";

    private static readonly string Folder = Path.Combine(Checkout.Root, "components");

    public static IReadOnlyList<string> Names { get; } = [.. Directory.GetDirectories(Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public ComponentFile? this[string component] => Components.FirstOrDefault(c => c.Name == component);

    public static Target Load(string name) => Parse(name, FilesOf(name).Select(File.ReadAllText));

    /// <summary>The same after a change to one of its files: what a mistake would look like.</summary>
    public static Target Altered(string name, string file, string from, string to)
    {
        var found = false;
        var target = Parse(name, FilesOf(name).Select(path =>
        {
            var text = File.ReadAllText(path);
            if (Path.GetFileName(path) != file)
            {
                return text;
            }

            found = text.Contains(from, StringComparison.Ordinal);
            return text.Replace(from, to, StringComparison.Ordinal);
        }));
        return found ? target : throw new InvalidOperationException($"{name}/{file} does not say: {from}");
    }

    private static IEnumerable<string> FilesOf(string name) => Directory.GetFiles(Path.Combine(Folder, name), "*.yaml").Order(StringComparer.Ordinal);

    private static Target Parse(string name, IEnumerable<string> files)
    {
        var documents = files.SelectMany(text => Separator().Split(text)).Where(text => Content().IsMatch(text)).ToLookup(Yaml.KindOf);
        if (documents.FirstOrDefault(kind => kind.Key is not ("Component" or "Subscription" or "Resiliency")) is { } stranger)
        {
            throw new InvalidOperationException($"{name} holds a document of kind '{stranger.Key}'");
        }

        return new Target(
            name,
            [.. documents["Component"].Select(Yaml.Read<ComponentFile>)],
            [.. documents["Subscription"].Select(Yaml.Read<SubscriptionFile>)],
            Yaml.Read<ResiliencyFile>(documents["Resiliency"].Single()));
    }

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^\w", RegexOptions.Multiline)]
    private static partial Regex Content();
}
