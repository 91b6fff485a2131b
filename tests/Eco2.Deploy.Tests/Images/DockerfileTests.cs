using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Deploy.Tests.Images;

/// <summary>The recipes of the images, as far as they can be judged without an engine.</summary>
public sealed class DockerfileTests
{
    [Theory]
    [InlineData(Dockerfile.Dotnet)]
    [InlineData(Dockerfile.Media)]
    public void A_recipe_is_pinned_needs_neither_root_nor_shell_and_copies_what_is_there(string path) =>
        Assert.Empty(ImageRules.Complaints(Dockerfile.Load(path)));

    [Theory]
    [InlineData(Dockerfile.Dotnet, "@${SDK_DIGEST}", "", "build: its base mcr.microsoft.com/dotnet/sdk:10.0-noble has no digest")]
    [InlineData(Dockerfile.Media, "ARG RUNTIME_DIGEST=sha256:", "ARG RUNTIME_DIGEST=", "has no digest")]
    [InlineData(Dockerfile.Dotnet, "COPY protos protos", "COPY proto protos", "there is no proto")]
    [InlineData(Dockerfile.Dotnet, "COPY protos protos", "COPY samples samples", ".dockerignore keeps samples away")]
    [InlineData(Dockerfile.Media, "services/media/src src", "services/media/node_modules src", ".dockerignore keeps services/media/node_modules away")]
    [InlineData(Dockerfile.Dotnet, "USER 1654:1654", "USER app", "its user is no number")]
    [InlineData(Dockerfile.Media, "USER 65532:65532", "", "media: its user is no number")]
    [InlineData(Dockerfile.Dotnet, "[\"dotnet\", \"Eco2.Scan.dll\"]", "dotnet Eco2.Scan.dll", "scan: it needs a shell")]
    [InlineData(Dockerfile.Dotnet, "EXPOSE 8103", "EXPOSE 8104", "scan: EXPOSE is not its port")]
    [InlineData(Dockerfile.Dotnet, "--from=build /out/my", "--from=builder /out/my", "takes from elsewhere")]
    public void A_mistake_is_found(string path, string from, string to, string complaint) =>
        Assert.Contains(ImageRules.Complaints(Dockerfile.Load(path, from, to)), said => said.Contains(complaint, StringComparison.Ordinal));

    [Fact]
    public void Every_app_has_a_target_that_starts_what_the_run_file_starts_on_its_port()
    {
        var (dotnet, media) = (Dockerfile.Load(Dockerfile.Dotnet), Dockerfile.Load(Dockerfile.Media));
        var built = dotnet.Targets.Select(target => (target, File: dotnet)).Concat(media.Targets.Select(target => (target, File: media)))
            .Select(one => (one.target, one.File.Environment(one.target)["APP_PORT"], Path.GetFileName(one.File.EntryPoint(one.target)[^1])));

        var started = RunFile.Apps.Select(app => (app.AppID, $"{app.AppPort}", Path.GetFileName(app.Command[^1])));

        Assert.Equal(started.Order(), built.Order());
    }

    /// <summary>The SDK makes images by itself as well; they are the same.</summary>
    [Fact]
    public async Task Publishing_to_a_container_makes_the_image_of_the_recipe()
    {
        var dotnet = Dockerfile.Load(Dockerfile.Dotnet);
        var (exit, output) = await EcoRun.RunAsync(
            "dotnet", "msbuild", Path.Combine(Checkout.Root, "services/scan"), "-p:Configuration=Release", "-t:ComputeContainerConfig", "-getProperty:ContainerBaseImage,ContainerRepository,ContainerUser", "-getItem:ContainerEnvironmentVariable,ContainerPort,ContainerAppCommand");
        Assert.True(exit == 0, output);
        var asked = JsonElement.Parse(output);
        string Property(string name) => asked.GetProperty("Properties").GetProperty(name).GetString()!;
        string[] Items(string name) => [.. asked.GetProperty("Items").GetProperty(name).EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)];

        Assert.Equal($"{dotnet.Arguments["RUNTIME"]}@{dotnet.Arguments["RUNTIME_DIGEST"]}", Property("ContainerBaseImage"));
        Assert.Equal("eco2/scan", Property("ContainerRepository"));
        Assert.Equal(dotnet.Inherited("scan").Last(i => i.Word == "USER").Rest, Property("ContainerUser"));
        Assert.Equal(dotnet.EntryPoint("scan"), Items("ContainerAppCommand").Select(word => word.Replace("/app/", "", StringComparison.Ordinal)));
        Assert.Equal(dotnet.Environment("scan")["APP_PORT"], Assert.Single(Items("ContainerPort")));
        Assert.Equal(
            dotnet.Environment("scan").Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal),
            asked.GetProperty("Items").GetProperty("ContainerEnvironmentVariable").EnumerateArray().Select(item => $"{item.GetProperty("Identity")}={item.GetProperty("Value")}").Order(StringComparer.Ordinal));
    }
}
