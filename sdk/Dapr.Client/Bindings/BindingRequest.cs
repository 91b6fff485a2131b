namespace Dapr.Client;

#nullable disable
/// <summary>What to ask of an output binding.</summary>
public sealed class BindingRequest
{
    /// <summary>A request without data.</summary>
    public BindingRequest(string bindingName, string operation)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(bindingName, nameof(bindingName));
        ArgumentVerifier.ThrowIfNullOrEmpty(operation, nameof(operation));
        BindingName = bindingName;
        Operation = operation;
    }

    /// <summary>The component.</summary>
    public string BindingName { get; }

    /// <summary>What it is to do.</summary>
    public string Operation { get; }

    /// <summary>Sent as it is.</summary>
    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>Metadata for the component.</summary>
    public Dictionary<string, string> Metadata { get; } = [];
}
#nullable restore

/// <summary>What an output binding answered.</summary>
public sealed class BindingResponse
{
    /// <summary>An answer.</summary>
    public BindingResponse(BindingRequest request, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentVerifier.ThrowIfNull(request, nameof(request));
        ArgumentVerifier.ThrowIfNull(metadata, nameof(metadata));
        Request = request;
        Data = data;
        Metadata = metadata;
    }

    /// <summary>What was asked.</summary>
    public BindingRequest Request { get; }

    /// <summary>As it came.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Metadata of the component.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }
}
