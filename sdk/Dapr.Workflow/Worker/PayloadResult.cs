using Dapr.Common.Serialization;

namespace Dapr.Workflow.Worker;

/// <summary>Tasks of a workflow that end with a payload.</summary>
internal static class PayloadResult
{
    /// <summary>Ends the task with what the payload says, or with why it cannot be read.</summary>
    public static void SetFrom<T>(this TaskCompletionSource<T> source, IDaprSerializer serializer, string? payload)
    {
        T? value;
        try
        {
            value = serializer.Deserialize<T>(payload);
        }
#pragma warning disable CA1031 // A payload that cannot be read is the workflow's to see, whatever serializer read it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            source.TrySetException(failure);
            return;
        }

        source.TrySetResult(value!);
    }
}
