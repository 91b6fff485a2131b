using Eco2.Testing;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>A sidecar whose binding "objects" keeps its files in a folder of the test's own.</summary>
internal sealed class LocalStorage : IAsyncDisposable
{
    private SidecarFixture _sidecar = null!;

    public string Root { get; } = Directory.CreateTempSubdirectory("objects").FullName;

    public SidecarPorts App => _sidecar["app"];

    public static async Task<LocalStorage> StartAsync()
    {
        var storage = new LocalStorage();
        storage._sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("objects", "bindings.localstorage", $"rootPath: {storage.Root}"), new AppSettings { AppId = "app" });
        return storage;
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
