using Dapr;
using Dapr.Client;
using Eco2.Contracts.Image;
using Grpc.Core;

namespace Eco2.Image.Pictures;

/// <summary>The binding <c>objects</c>. Every target's name for the key is sent along; a component takes its own.</summary>
internal sealed class ObjectStore(DaprClient dapr)
{
    /// <summary>The object, or null when there is none.</summary>
    public async Task<byte[]?> GetAsync(string name, CancellationToken ct)
    {
        try
        {
            var answer = await dapr.InvokeBindingAsync(Request("get", name), ct);
            return answer.Data.ToArray();
        }
        catch (DaprException e) when (e.InnerException is RpcException { StatusCode: StatusCode.Internal or StatusCode.NotFound or StatusCode.Unknown } why
            && why.Status.Detail.Contains("not found", StringComparison.OrdinalIgnoreCase))
        {
            // Bindings have no code of their own for it: local storage, S3 and blob storage all say so in words.
            return null;
        }
    }

    public Task DeleteAsync(string name, CancellationToken ct) => dapr.InvokeBindingAsync(Request("delete", name), ct);

    private static BindingRequest Request(string operation, string name) => new(ImageObjects.Binding, operation)
    {
        Metadata = { ["key"] = name, ["fileName"] = name, ["blobName"] = name },
    };
}
