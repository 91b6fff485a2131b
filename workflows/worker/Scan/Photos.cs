using Dapr;
using Dapr.Client;
using Eco2.Contracts.Image;
using Grpc.Core;

namespace Eco2.Worker.Scan;

/// <summary>Reads the picture that models get: a JPEG of at most 1,024 px.</summary>
internal sealed partial class Photos(DaprClient dapr, ILogger<Photos> logger)
{
    /// <summary>Null when it is not there.</summary>
    /// <exception cref="DaprException">The store is away; trying again may help.</exception>
    internal async Task<ReadOnlyMemory<byte>?> ReadAsync(string key, CancellationToken ct)
    {
        var name = ImageObjects.Vision(key);
        var request = new BindingRequest(ImageObjects.Binding, "get");
        // Every object store has its own word for the name of an object.
        (request.Metadata["key"], request.Metadata["fileName"], request.Metadata["blobName"]) = (name, name, name);
        try
        {
            var photo = (await dapr.InvokeBindingAsync(request, ct)).Data;
            return photo.IsEmpty ? null : photo;
        }
        catch (DaprException e) when (e.InnerException is RpcException { StatusCode: not (StatusCode.Unavailable or StatusCode.DeadlineExceeded) })
        {
            Missing(logger, e, key);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The picture {Key} cannot be read")]
    private static partial void Missing(ILogger logger, Exception exception, string key);
}
