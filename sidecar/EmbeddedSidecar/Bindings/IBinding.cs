using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>A binding the app calls.</summary>
internal interface IOutputBinding : IComponent
{
    IReadOnlyList<string> IComponent.Capabilities => ["OUTPUT_BINDING"];

    /// <summary>What it can be asked to do; anything else is refused before it is called.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <summary>Does it. Null = nothing to tell.</summary>
    /// <exception cref="BindingException">It cannot.</exception>
    Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct);
}

/// <summary>A binding that calls the app.</summary>
internal interface IInputBinding : IComponent
{
    IReadOnlyList<string> IComponent.Capabilities => ["INPUT_BINDING"];

    /// <summary>Brings events until cancelled. What the deliverer throws is the app's failure.</summary>
    Task RunAsync(Func<BindingEvent, CancellationToken, Task> deliver, CancellationToken ct);
}

/// <param name="Data">As sent: over HTTP the JSON text of the data member, so a string still has its quotes.</param>
internal sealed record BindingRequest(string Operation, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata)
{
    public string? Value(string name) => Metadata.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}

internal sealed record BindingAnswer(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string>? Metadata = null);

internal sealed record BindingEvent(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <summary>A binding said no. Its metadata still reaches the caller.</summary>
internal sealed class BindingException(string message, IReadOnlyDictionary<string, string>? metadata = null, Exception? inner = null)
    : Exception(message, inner)
{
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}
