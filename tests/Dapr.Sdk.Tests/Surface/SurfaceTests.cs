using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>What sdk/ offers against what the official packages 1.18.5 offer, as <c>sdk/surface</c> lists it.</summary>
public sealed class SurfaceTests
{
    private static readonly Assembly[] Sdk =
    [
        typeof(DaprDefaults).Assembly,
        typeof(Client.DaprClient).Assembly,
        typeof(TopicAttribute).Assembly,
        typeof(Workflow.WorkflowContext).Assembly,
        typeof(Workflow.DaprWorkflowClient).Assembly,
        typeof(Actors.IActor).Assembly,
        typeof(Microsoft.Extensions.DependencyInjection.ActorsServiceCollectionExtensions).Assembly,
        typeof(Jobs.DaprJobsClient).Assembly,
        typeof(DistributedLock.DaprDistributedLockClient).Assembly,
    ];

    private static readonly HashSet<string> Official = Directory.EnumerateFiles(Path.Combine(Root(), "sdk", "surface"), "*.txt")
        .SelectMany(File.ReadAllLines)
        .ToHashSet(StringComparer.Ordinal);

    public static TheoryData<string> Users() =>
    [
        .. new[] { "services", "workflows", "tests" }
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Root(), room), "*.csproj", SearchOption.AllDirectories))
            .Where(project => !project.Contains("/node_modules/", StringComparison.Ordinal) && !project.EndsWith("/Dapr.Sdk.Tests.csproj", StringComparison.Ordinal))
            .Select(project => Path.GetRelativePath(Root(), project))
            .Order(),
    ];

    [Fact]
    public void Every_public_member_is_a_member_of_the_official_package_with_the_same_signature()
    {
        var different = Sdk.SelectMany(Signatures.Of).Where(line => !Official.Contains(line)).ToArray();

        Assert.True(different.Length == 0, string.Join("\n", different));
    }

    [Theory]
    [MemberData(nameof(Users))]
    public void What_the_product_uses_the_official_package_has(string project)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var built = Path.Combine(AppContext.BaseDirectory, "../..", name, new DirectoryInfo(AppContext.BaseDirectory).Name, name + ".dll");
        if (!File.Exists(built))
        {
            // The product is built with these tests, other tests may not be.
            Assert.StartsWith("tests/", project, StringComparison.Ordinal);
            return;
        }

        // The messages of the wire are public in the official package Dapr.Protos; stand-ins for a sidecar speak them.
        var used = UsedMembers.Of(Path.GetFullPath(built), Sdk)
            .Where(member => !Signatures.FullName(member as Type ?? member.DeclaringType!).StartsWith("Dapr.Client.Autogen.Grpc.v1.", StringComparison.Ordinal));
        // A test that is a friend of the SDK looks into it on purpose, as the replay of histories does; nothing else could.
        var unknown = used
            .Where(member => Signatures.IsPublic(member) || !project.StartsWith("tests/", StringComparison.Ordinal))
            .Where(member => !Signatures.IsPublic(member) || (Signatures.LineOf(member) is { } line && !Official.Contains(line)))
            .Select(member => $"{member.DeclaringType}.{member}");

        Assert.Equal([], unknown);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
