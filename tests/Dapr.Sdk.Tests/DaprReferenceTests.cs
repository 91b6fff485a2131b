using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Xunit;

namespace Dapr.Sdk.Tests;

public class DaprReferenceTests
{
    // Every project of sdk/ is a package of its own, but for the two that come inside others.
    private static readonly string[] Official =
    [
        .. Directory.EnumerateDirectories(Path.Combine(Root(), "sdk"), "Dapr.*").Select(path => Path.GetFileName(path)!)
            .Except(["Dapr.Common", "Dapr.Workflow.Abstractions"]).Order(),
    ];

    [Fact]
    public async Task Asked_for_packages_every_project_gets_exactly_the_official_ones_and_no_project_of_sdk()
    {
        var projects = Directory.EnumerateFiles(Root(), "*.csproj", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/artifacts/", StringComparison.Ordinal) && !path.Contains("/node_modules/", StringComparison.Ordinal))
            .Where(path => File.ReadAllText(path).Contains("<DaprReference", StringComparison.Ordinal))
            .ToArray();
        Assert.NotEmpty(projects);

        // One evaluation per different way of asking is enough, and keeps this test short.
        foreach (var project in projects.DistinctBy(Asks))
        {
            var asked = await ItemsAsync(project, "-p:DaprSdk=nuget");
            var inRepo = await ItemsAsync(project);

            var wanted = Names(asked, "DaprReference");
            Assert.Equal(wanted, Names(asked, "PackageReference").Where(name => name.StartsWith("Dapr", StringComparison.Ordinal)).Order());
            Assert.All(wanted, name => Assert.Contains(name, Official));
            Assert.DoesNotContain(Names(asked, "ProjectReference"), path => path.Contains("/sdk/", StringComparison.Ordinal));
            Assert.Equal(wanted.Length, Names(inRepo, "ProjectReference").Count(path => path.Contains("/sdk/Dapr.", StringComparison.Ordinal)));
            Assert.DoesNotContain(Names(inRepo, "PackageReference"), name => name.StartsWith("Dapr", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_package_can_be_asked_for_both_ways_and_has_the_one_version()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root(), "artifacts", "asks-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()))).FullName;
        try
        {
            var project = Path.Combine(folder, "All.csproj");
            var asks = string.Concat(Official.Select(name => $"""<DaprReference Include="{name}" />"""));
            await File.WriteAllTextAsync(project, $"""<Project Sdk="Microsoft.NET.Sdk"><ItemGroup>{asks}</ItemGroup></Project>""");

            var asked = await ItemsAsync(project, "-p:DaprSdk=nuget");
            var inRepo = await ItemsAsync(project);

            Assert.Equal(Official, Names(asked, "PackageReference").Where(name => name.StartsWith("Dapr", StringComparison.Ordinal)));
            Assert.Empty(Names(asked, "ProjectReference"));
            Assert.Equal(Official.Select(name => $"{Root()}/sdk/{name}/{name}.csproj").Order(), Names(inRepo, "ProjectReference"));
            Assert.All(Names(inRepo, "ProjectReference"), path => Assert.True(File.Exists(path), path));
            var versions = asked.GetProperty("Items").GetProperty("PackageVersion").EnumerateArray()
                .Where(item => Official.Contains(item.GetProperty("Identity").GetString()))
                .Select(item => item.GetProperty("Version").GetString())
                .ToArray();
            Assert.Equal(Official.Length, versions.Length);
            Assert.All(versions, version => Assert.Equal(Common.DaprHeaders.Version, "v" + version));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Asks(string project) =>
        string.Join('\n', File.ReadLines(project).Where(line => line.Contains("<DaprReference", StringComparison.Ordinal)).Select(line => line.Trim()).Order());

    private static string[] Names(JsonElement items, string kind) =>
        [.. items.GetProperty("Items").GetProperty(kind).EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!.Replace('\\', '/')).Order()];

    private static async Task<JsonElement> ItemsAsync(string project, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", project, "-getItem:DaprReference,PackageReference,PackageVersion,ProjectReference", .. more])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        return JsonDocument.Parse(output).RootElement;
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
