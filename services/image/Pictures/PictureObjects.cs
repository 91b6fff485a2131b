using Eco2.Contracts.Image;
using Eco2.Image.Uploads;
using Eco2.ServiceDefaults;

namespace Eco2.Image.Pictures;

/// <summary>What lies in the object store of pictures.</summary>
internal static class PictureObjects
{
    /// <summary>Removes every object of these pictures; what is gone already stays gone.</summary>
    public static async Task DeleteAsync(IServiceProvider services, IReadOnlyList<string> keys, CancellationToken ct)
    {
        var objects = services.GetRequiredService<ObjectStore>();
        foreach (var key in keys)
        {
            var names = (string[])[ImageObjects.Original(key), ImageObjects.Vision(key), ImageObjects.Thumbnail(key), .. ImageKey.TryRead(key, out var read) ? [Intake.UploadObject(read)] : (string[])[]];
            await Task.WhenAll(names.Select(name => objects.DeleteAsync(name, ct)));
        }
    }
}
