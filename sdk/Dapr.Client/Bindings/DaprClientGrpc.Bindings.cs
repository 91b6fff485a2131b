using Google.Protobuf;
using Wire = Dapr.Client.Autogen.Grpc.v1;

namespace Dapr.Client;

internal sealed partial class DaprClientGrpc
{
    public override async Task InvokeBindingAsync<TRequest>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        await InvokeAsync(bindingName, operation, SerializeBinding(bindingName, operation, data), metadata, cancellationToken).ConfigureAwait(false);

    public override async Task<TResponse> InvokeBindingAsync<TRequest, TResponse>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        var answer = await InvokeAsync(bindingName, operation, SerializeBinding(bindingName, operation, data), metadata, cancellationToken).ConfigureAwait(false);
        return Deserialize<TResponse>(answer.Data, "Binding")!;
    }

    public override async Task<BindingResponse> InvokeBindingAsync(BindingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNull(request, nameof(request));
        var data = ByteString.CopyFrom(request.Data.Span);
        var answer = await InvokeAsync(request.BindingName, request.Operation, data, request.Metadata, cancellationToken).ConfigureAwait(false);
        return new BindingResponse(request, answer.Data.Memory, answer.Metadata.ToDictionary());
    }

    // Names are checked before the value is serialized, so that a wrong call says so first. No value is the JSON null, unlike in state.
    private ByteString SerializeBinding<TRequest>(string bindingName, string operation, TRequest data)
    {
        ArgumentVerifier.ThrowIfNullOrEmpty(bindingName, nameof(bindingName));
        ArgumentVerifier.ThrowIfNullOrEmpty(operation, nameof(operation));
        return Serialize(data);
    }

    private Task<Wire.InvokeBindingResponse> InvokeAsync(
        string bindingName, string operation, ByteString data, IReadOnlyDictionary<string, string>? metadata, CancellationToken ct)
    {
        var request = new Wire.InvokeBindingRequest { Name = bindingName, Operation = operation, Data = data };
        Copy(metadata, request.Metadata);
        return CallAsync("Binding", "InvokeBinding", request, Wire.InvokeBindingResponse.Parser, ct);
    }
}
