using System.Text.Json;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.localstorage: files below one folder.</summary>
internal sealed class LocalStorageBinding : IOutputBinding
{
    private static readonly string[] Forbidden = ["/proc", "/sys", "/boot", "/var/run/secrets", "/run/secrets"];
    private readonly string _root;
    private readonly TimeProvider _clock;

    public LocalStorageBinding(ComponentContext context)
    {
        _clock = context.Services.Clock;
        _root = Path.TrimEndingDirectorySeparator(context.App.Settings.FullPath(context.Metadata.Required("rootPath")));
        if (Array.Exists(Forbidden, folder => _root == folder || _root.StartsWith(folder + "/", StringComparison.Ordinal)))
        {
            throw context.Metadata.Refuse("rootPath", $"may not be {_root}");
        }
    }

    public IReadOnlyList<string> Capabilities => [];

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "delete", "list"];

    public Task OpenAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(_root);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        try
        {
            return request.Operation switch
            {
                "create" => await CreateAsync(request, ct),
                "get" => new BindingAnswer(await File.ReadAllBytesAsync(Named(request), ct)),
                "list" => List(request),
                _ => Delete(request),
            };
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BindingException($"file not found: {Resolve(request.Value("fileName") ?? "")}", inner: missing);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BindingException(failed.Message, inner: failed);
        }
    }

    // Written beside and moved into place: a reader never sees half a file.
    private async Task<BindingAnswer> CreateAsync(BindingRequest request, CancellationToken ct)
    {
        var path = Resolve(request.Value("fileName") ?? Guid.CreateVersion7(_clock.GetUtcNow()).ToString());
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.CreateVersion7(_clock.GetUtcNow()):N}.tmp";
        var data = BindingData.DecodeBase64IfItIs(BindingData.Unquote(request.Data));
        try
        {
            await File.WriteAllBytesAsync(temporary, data, ct);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        return new BindingAnswer(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["fileName"] = path }));
    }

    private BindingAnswer? Delete(BindingRequest request)
    {
        var path = Named(request);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(null, path);
        }

        File.Delete(path);
        return null;
    }

    private BindingAnswer List(BindingRequest request)
    {
        var folder = Resolve(request.Value("fileName") ?? "");
        return new BindingAnswer(JsonSerializer.SerializeToUtf8Bytes(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)));
    }

    private string Named(BindingRequest request) =>
        Resolve(request.Value("fileName") ?? throw new BindingException("the metadata property fileName is required"));

    // Dots cannot climb: they are resolved against a root of their own first.
    private string Resolve(string name) => Path.TrimEndingDirectorySeparator(_root + Path.GetFullPath("/" + name.Replace('\\', '/').Replace("\0", "", StringComparison.Ordinal)));
}
