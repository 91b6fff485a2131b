namespace Dapr.Client;

public abstract partial class DaprClient
{
    /// <summary>Invokes an output binding with data as JSON.</summary>
    public abstract Task InvokeBindingAsync<TRequest>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Invokes an output binding with data as JSON and reads its answer as JSON.</summary>
    public abstract Task<TResponse> InvokeBindingAsync<TRequest, TResponse>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default);

    /// <summary>Invokes an output binding with bytes, and gives its bytes and metadata.</summary>
    public abstract Task<BindingResponse> InvokeBindingAsync(BindingRequest request, CancellationToken cancellationToken = default);
}
