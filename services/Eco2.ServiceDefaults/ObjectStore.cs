using Dapr;
using Dapr.Client;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Eco2.ServiceDefaults;

/// <summary>An object store behind an output binding, whichever it is. Every store has its own word for the name of an object, so all of them
/// are sent and a component takes its own; and none has a code for "not there", so its words are read.</summary>
public sealed class ObjectStore(DaprClient dapr, string binding)
{
    // S3 and Google Cloud Storage; local storage; Azure Blob Storage.
    private static readonly string[] Names = ["key", "fileName", "blobName"];

    // All of them; but local storage when it is to delete.
    private static readonly string[] Missing = ["not found", "no such file"];

    /// <summary>The object, or null when there is none.</summary>
    /// <exception cref="DaprException">The store or the sidecar is away, or the store refuses: trying again may help.</exception>
    public async Task<ReadOnlyMemory<byte>?> GetAsync(string name, CancellationToken ct)
    {
        try
        {
            return (await dapr.InvokeBindingAsync(Request("get", name), ct)).Data;
        }
        catch (DaprException e) when (IsMissing(e))
        {
            return null;
        }
    }

    /// <summary>Stores an object, in place of what was there. It travels as base64: local storage would decode bytes that happen to look like
    /// it, the others are told to.</summary>
    /// <exception cref="DaprException">As of <see cref="GetAsync"/>.</exception>
    public async Task PutAsync(string name, ReadOnlyMemory<byte> bytes, string contentType, CancellationToken ct)
    {
        var request = Request("create", name);
        request.Data = System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(bytes.Span));
        request.Metadata["decodeBase64"] = "true";
        request.Metadata["contentType"] = contentType;
        await dapr.InvokeBindingAsync(request, ct);
    }

    /// <summary>The object is gone afterwards, whether it was there or not.</summary>
    /// <exception cref="DaprException">As of <see cref="GetAsync"/>.</exception>
    public async Task DeleteAsync(string name, CancellationToken ct)
    {
        try
        {
            await dapr.InvokeBindingAsync(Request("delete", name), ct);
        }
        catch (DaprException e) when (IsMissing(e))
        {
            // S3 says nothing of it; the others do.
        }
    }

    private BindingRequest Request(string operation, string name)
    {
        var request = new BindingRequest(binding, operation);
        foreach (var word in Names)
        {
            request.Metadata[word] = name;
        }

        return request;
    }

    private static bool IsMissing(DaprException e) =>
        e.InnerException is RpcException { StatusCode: StatusCode.Internal or StatusCode.NotFound or StatusCode.Unknown } why
        && Array.Exists(Missing, words => why.Status.Detail.Contains(words, StringComparison.OrdinalIgnoreCase));
}

public static class ObjectStoreServices
{
    /// <summary>The object store behind this binding component.</summary>
    public static IServiceCollection AddObjectStore(this IServiceCollection services, string binding) =>
        services.AddSingleton(provider => new ObjectStore(provider.GetRequiredService<DaprClient>(), binding));
}
