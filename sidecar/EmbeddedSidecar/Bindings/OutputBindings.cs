using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using EmbeddedSidecar.Telemetry;

namespace EmbeddedSidecar.Bindings;

/// <summary>Calling an output binding, for the API and for what apps answer to input bindings.</summary>
internal static class OutputBindings
{
    /// <exception cref="DaprException">In the words of the API; what the binding itself threw is inside.</exception>
    public static async Task<BindingAnswer?> InvokeAsync(AppInstance app, string name, BindingRequest request, CancellationToken ct)
    {
        if (request.Operation.Length == 0)
        {
            throw Failed(name, "operation field is missing from request");
        }

        if (!app.Components.TryGetValue(name, out var loaded) || loaded.Component is not IOutputBinding binding)
        {
            throw Failed(name, $"couldn't find output binding {name}");
        }

        if (!binding.Operations.Contains(request.Operation))
        {
            throw Failed(name, $"binding {name} does not support operation {request.Operation}. supported operations:{string.Join(' ', binding.Operations)}");
        }

        ApiSpans.IsAbout("bindings", name);
        var began = app.Metrics?.Now ?? 0;
        var success = false;
        try
        {
            var answer = await app.Resiliency.ForComponentOutbound(name, "Binding").RunAsync(
                (binding, request),
                static async (on, token) => await on.binding.InvokeAsync(on.request, token),
                static _ => 0,
                ct);
            success = true;
            return answer;
        }
        catch (Exception failed) when (failed is BindingException or TimeoutException or CircuitOpenException)
        {
            throw Failed(name, failed.Message, failed);
        }
        finally
        {
            app.Metrics?.BindingInvoked(name, request.Operation, success, began);
        }
    }

    private static DaprException Failed(string name, string why, Exception? inner = null) =>
        new("ERR_INVOKE_OUTPUT_BINDING", 500, StatusCode.Internal, $"error invoking output binding {name}: {why}", inner) { IsRichOverGrpc = true };
}
