using Dapr;
using Eco2.Contracts.Image;
using Eco2.ServiceDefaults;

namespace Eco2.Worker.Scan;

/// <summary>Reads the picture that models get: a JPEG of at most 1,024 px.</summary>
internal sealed partial class Photos(ObjectStore objects, ILogger<Photos> logger)
{
    /// <summary>Null when it is not there.</summary>
    /// <exception cref="DaprException">The store is away; trying again may help.</exception>
    internal async Task<ReadOnlyMemory<byte>?> ReadAsync(string key, CancellationToken ct)
    {
        if (await objects.GetAsync(ImageObjects.Vision(key), ct) is { IsEmpty: false } photo)
        {
            return photo;
        }

        Missing(logger, key);
        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no picture {Key}")]
    private static partial void Missing(ILogger logger, string key);
}
