using Eco2.Testing;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>The apps of <c>dapr.yaml</c>.</summary>
internal static class DaprFile
{
    private static readonly Node Root = Manifest.Read(File.ReadAllText(Path.Combine(Checkout.Root, "dapr.yaml"))).Single().Root;

    public static string MaxBodySize => Root["common/maxBodySize"].Text;

    public static IReadOnlyList<(string Id, string Port, string Folder)> Apps { get; } =
        [.. Root["apps"].Items.Select(app => (app["appID"].Text, app["appPort"].Text, Path.GetFullPath(Path.Combine(Checkout.Root, app["appDirPath"].Text))))];

    /// <summary>All that an app's developers wrote, and the code of the edge where it is part of the app.</summary>
    public static string Source(string folder) => string.Concat(Folders(folder).SelectMany(part => Directory.GetFiles(part, "*.*", SearchOption.AllDirectories))
        .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || (file.EndsWith(".ts", StringComparison.Ordinal) && !file.Contains("/node_modules/", StringComparison.Ordinal)))
        .Select(File.ReadAllText));

    private static string[] Folders(string folder) => Directory.GetFiles(folder, "*.csproj").Any(project => File.ReadAllText(project).Contains("Eco2.Edge.csproj", StringComparison.Ordinal))
        ? [folder, Path.Combine(folder, "../Eco2.Edge")]
        : [folder];
}
