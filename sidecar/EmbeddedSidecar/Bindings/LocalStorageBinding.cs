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

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "list", "delete"];

    public Task OpenAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(_root);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        var path = Resolve(request.Value("fileName") ?? (request.Operation == "create" ? Guid.CreateVersion7(_clock.GetUtcNow()).ToString() : ""));
        try
        {
            return request.Operation switch
            {
                "create" => await CreateAsync(path, request, ct),
                "get" => await GetAsync(path, ct),
                "list" => List(path),
                _ => Delete(path),
            };
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BindingException(failed.Message, inner: failed);
        }
    }

    // Written beside and moved into place: a reader never sees half a file.
    private async Task<BindingAnswer> CreateAsync(string path, BindingRequest request, CancellationToken ct)
    {
        if (Directory.Exists(path))
        {
            throw new BindingException($"error creating file {path}: open {path}: is a directory");
        }

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

        return new BindingAnswer(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["fileName"] = path[(_root.Length + 1)..] }));
    }

    private static async Task<BindingAnswer> GetAsync(string path, CancellationToken ct) =>
        Directory.Exists(path) ? throw new BindingException($"error reading file {path}: read {path}: is a directory")
        : File.Exists(path) ? new BindingAnswer(await File.ReadAllBytesAsync(path, ct))
        : throw new BindingException($"file not found: {path}");

    private static BindingAnswer? Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
        else if (!Directory.Exists(path))
        {
            throw new BindingException($"error deleting file {path}: remove {path}: no such file or directory");
        }
        else if (Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new BindingException($"error deleting file {path}: remove {path}: directory not empty");
        }
        else
        {
            Directory.Delete(path);
        }

        return null;
    }

    private static BindingAnswer List(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new BindingException(File.Exists(path)
                ? $"unable to list files as the file specified is not a directory: {path}"
                : $"error getting stats for path {path}: stat {path}: no such file or directory");
        }

        // Nothing is null, not an empty list.
        var files = Below(new DirectoryInfo(path)).ToList();
        return new BindingAnswer(files.Count > 0 ? JsonSerializer.SerializeToUtf8Bytes(files) : "null"u8.ToArray());
    }

    // Folder by folder in the order of the names; links are files.
    private static IEnumerable<string> Below(DirectoryInfo folder) => folder.EnumerateFileSystemInfos()
        .OrderBy(one => one.Name, StringComparer.Ordinal)
        .SelectMany(one => one is DirectoryInfo { LinkTarget: null } below ? Below(below) : [one.FullName]);

    // Dots cannot climb: they are resolved against a root of their own first.
    private string Resolve(string name) => Path.TrimEndingDirectorySeparator(_root + Path.GetFullPath("/" + name.Replace("\0", "", StringComparison.Ordinal)));
}
