using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>Whichever object store a target has, the code that reads and writes objects tells it what it needs.</summary>
public sealed partial class ObjectsTests
{
    private static readonly string Reader = File.ReadAllText(Path.Combine(Checkout.Root, "services/Eco2.ServiceDefaults/ObjectStore.cs"));
    private static readonly string Writer = File.ReadAllText(Path.Combine(Checkout.Root, "services/media/src/objects.ts"));

    public static TheoryData<string> Targets => [.. Target.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Readers_and_writers_call_an_object_by_the_word_of_its_store(string target)
    {
        var type = ComponentTypes.Table.Types[Target.Load(target)["objects"]!.Spec.Type];

        Assert.NotNull(type.Name);
        Assert.Contains($"\"{type.Name}\"", ReaderNames().Match(Reader).Value, StringComparison.Ordinal);
        Assert.Matches($@"\b{type.Name}\b", WriterNames().Match(Writer).Value);
    }

    /// <summary>Pictures are sent as base64; a store that takes it for text would keep it so.</summary>
    [Theory]
    [MemberData(nameof(Targets))]
    public void A_store_is_told_to_decode(string target)
    {
        var objects = Target.Load(target)["objects"]!;

        Assert.True(ComponentTypes.Table.Types[objects.Spec.Type].Base64 switch
        {
            "guessed" => true,
            "request" => Writer.Contains("decodeBase64: \"true\"", StringComparison.Ordinal),
            "component" => objects.Plain("decodeBase64") == "true",
            _ => false,
        });
    }

    /// <summary>There is one way to an object in each language, so there is one list of words.</summary>
    [Fact]
    public void Nothing_else_names_objects() =>
        Assert.Equal(
            ["services/Eco2.ServiceDefaults/ObjectStore.cs", "services/media/src/objects.ts"],
            new[] { "services", "workflows" }
                .SelectMany(folder => Directory.GetFiles(Path.Combine(Checkout.Root, folder), "*.*", SearchOption.AllDirectories))
                .Where(file => (file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".ts", StringComparison.Ordinal)) && !file.Contains("/node_modules/", StringComparison.Ordinal))
                .Where(file => !file.Contains("/media/tests/", StringComparison.Ordinal) && File.ReadAllText(file).Contains("blobName", StringComparison.Ordinal))
                .Select(file => Path.GetRelativePath(Checkout.Root, file))
                .Order(StringComparer.Ordinal));

    [GeneratedRegex(@"string\[\] Names = \[[^\]]*\]")]
    private static partial Regex ReaderNames();

    [GeneratedRegex(@"const named = .*")]
    private static partial Regex WriterNames();
}
