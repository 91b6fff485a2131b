using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Images;

/// <summary>The folders that the images hold, made once as the Dockerfiles make them.</summary>
public sealed class PublishedApps : IAsyncLifetime
{
    public string Folder { get; } = Path.Combine(Checkout.Root, "artifacts", "images");

    public async Task InitializeAsync()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }

        await RunAsync("dotnet", "msbuild", Path.Combine(Checkout.Root, "deploy/images/Apps.proj"), "-p:NoBuild=true", $"-p:Out={Folder}/", "-nologo", "-v:quiet");
        await MediaAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>What the recipe copies out of its build, after its <c>npm prune --omit=dev</c>.</summary>
    private async Task MediaAsync()
    {
        var (source, target) = (Path.Combine(Checkout.Root, "services/media"), Path.Combine(Folder, "media"));
        Assert.True(File.Exists(Path.Combine(source, "dist/main.js")), "services/media is not built: npm ci && npm run build");
        Directory.CreateDirectory(target);
        foreach (var path in Dockerfile.Load(Dockerfile.Media).Inherited("media").Where(i => i.Word == "COPY").SelectMany(i => i.Words.Skip(1).SkipLast(1)))
        {
            await RunAsync("cp", "-al", Path.Combine(source, path["/src/".Length..]), target);
        }

        var packages = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(source, "package-lock.json"))).GetProperty("packages");
        foreach (var package in packages.EnumerateObject().Where(p => p.Value.TryGetProperty("dev", out var dev) && dev.GetBoolean()).Select(p => Path.Combine(target, p.Name)).Where(Directory.Exists))
        {
            Directory.Delete(package, recursive: true);
        }
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        var (exit, output) = await EcoRun.RunAsync(command, arguments);
        Assert.True(exit == 0, $"{command} {string.Join(' ', arguments)}: {output}");
    }
}
