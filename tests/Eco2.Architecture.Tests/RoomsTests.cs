using System.Text.RegularExpressions;
using System.Xml.Linq;
using Eco2.Testing;
using Xunit;

namespace Eco2.Architecture.Tests;

/// <summary>Holds the table of rooms in the architecture: who may reference whom.</summary>
public sealed partial class RoomsTests
{
    // A new room needs a new row here, in the same commit.
    private static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["contracts"] = [],
        ["sdk"] = ["sdk"],
        ["sidecar"] = [],
        ["defaults"] = ["sdk"],
        ["edge"] = ["contracts", "sdk", "defaults"],
        ["services"] = ["contracts", "sdk", "defaults"],
        ["door"] = ["contracts", "sdk", "defaults", "edge"],
        ["workflows"] = ["contracts", "sdk"],
        ["worker"] = ["contracts", "sdk", "defaults", "workflows"],
        ["cli"] = ["sidecar", "contracts"],
        ["testing"] = ["sidecar", "cli"],
        ["tests"] = ["contracts", "sdk", "sidecar", "defaults", "edge", "services", "door", "workflows", "worker", "cli", "testing", "bench"],
        ["bench"] = ["contracts", "sdk", "sidecar", "defaults", "edge", "services", "door", "workflows", "worker", "cli", "testing", "bench"],
    };

    private static readonly string Root = Checkout.Root;

    public static TheoryData<string, string> References()
    {
        var data = new TheoryData<string, string>();
        foreach (var project in Projects())
        {
            foreach (var reference in ReferencesOf(project))
            {
                data.Add(project, reference);
            }
        }

        return data;
    }

    public static TheoryData<string> AllProjects() => [.. Projects()];

    [Theory]
    [MemberData(nameof(References))]
    public void A_project_uses_only_rooms_that_its_own_room_may_use(string project, string reference) =>
        Assert.Contains(RoomOf(reference), MayUse[RoomOf(project)]);

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_outside_the_sdk_asks_for_Dapr_only_by_DaprReference(string project)
    {
        var named = Document(project).Descendants("ProjectReference").Select(item => item.Attribute("Include")!.Value);

        Assert.DoesNotContain(named, path => RoomOf(project) is not ("sdk" or "tests") && path.Contains("sdk/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void Every_namespace_begins_with_the_name_of_its_project(string project)
    {
        var root = Document(project).Descendants("RootNamespace").FirstOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project);
        if (RoomOf(project) == "sdk")
        {
            // The official packages put their entry points into the namespaces of the framework.
            return;
        }

        var strangers = Directory.GetFiles(Path.Combine(Root, Path.GetDirectoryName(project)!), "*.cs", SearchOption.AllDirectories)
            .Where(file => Projects().All(other => other == project || !IsInside(file, other) || IsInside(project, other)))
            .Select(file => (File: file, Namespace: NamespaceLine().Match(File.ReadAllText(file)).Groups[1].Value))
            .Where(pair => pair.Namespace != "" && pair.Namespace != root && !pair.Namespace.StartsWith(root + ".", StringComparison.Ordinal));

        Assert.Empty(strangers);
    }

    [Fact]
    public void Contracts_use_no_package() =>
        Assert.Empty(Document("contracts/Eco2.Contracts.csproj").Descendants("PackageReference"));

    [Fact]
    public void Workflows_reach_neither_the_web_framework_nor_a_package() =>
        Assert.DoesNotContain(Document("workflows/Eco2.Workflows/Eco2.Workflows.csproj").Descendants(), item => item.Name.LocalName is "FrameworkReference" or "PackageReference");

    [Fact]
    public void The_solution_names_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Root, "Eco2.slnx"));

        Assert.DoesNotContain(Projects().Where(project => RoomOf(project) != "bench"), project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_program_only_composes()
    {
        var tooLong = Directory.GetDirectories(Path.Combine(Root, "services")).Append(Path.Combine(Root, "workflows/worker"))
            .Select(folder => Path.Combine(folder, "Program.cs"))
            .Where(file => File.Exists(file) && File.ReadAllLines(file).Length > 40);

        Assert.Empty(tooLong);
    }

    private static string RoomOf(string project) => project.Split('/') switch
    {
        ["services", "Eco2.ServiceDefaults", ..] => "defaults",
        ["services", "Eco2.Edge", ..] => "edge",
        // Who decides about callers: the gateway, and auth for a mesh that takes the gateway's place.
        ["services", "gateway" or "auth", ..] => "door",
        ["workflows", "worker", ..] => "worker",
        ["tests", "Eco2.Testing", ..] => "testing",
        [var room, ..] => room,
        _ => "",
    };

    private static IEnumerable<string> ReferencesOf(string project)
    {
        var document = Document(project);
        var folder = Path.GetDirectoryName(project)!;
        foreach (var item in document.Descendants("ProjectReference"))
        {
            yield return Path.GetRelativePath(Root, Path.GetFullPath(Path.Combine(Root, folder, item.Attribute("Include")!.Value)));
        }

        foreach (var item in document.Descendants("DaprReference"))
        {
            var name = item.Attribute("InRepo")?.Value ?? item.Attribute("Include")!.Value;
            yield return $"sdk/{name}/{name}.csproj";
        }
    }

    private static XDocument Document(string project) => XDocument.Load(Path.Combine(Root, project));

    private static bool IsInside(string file, string project) =>
        Path.GetFullPath(Path.Combine(Root, file)).StartsWith(Path.Combine(Root, Path.GetDirectoryName(project)!) + "/", StringComparison.Ordinal);

    private static IEnumerable<string> Projects() =>
        MayUse.Keys.Select(room => Path.Combine(Root, room)).Where(Directory.Exists)
            .SelectMany(room => Directory.GetFiles(room, "*.csproj", SearchOption.AllDirectories))
            .Select(project => Path.GetRelativePath(Root, project))
            .Where(project => !project.Contains("node_modules", StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
