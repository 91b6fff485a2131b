using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.State;

/// <summary>ttlInSeconds of a write. The stores of Dapr read it each in its own way, and complain each in its own words.</summary>
internal static class StateTtl
{
    /// <summary>The stores of Dapr know it by exactly this name.</summary>
    public const string Name = "ttlInSeconds";

    /// <summary>A write that never expires, whatever the component says.</summary>
    public const string Never = "0";

    public static string? Of(IReadOnlyDictionary<string, string> metadata) => metadata.GetValueOrDefault(Name);

    /// <returns>Null = nothing is said.</returns>
    /// <param name="function">Which function of Go reads it there.</param>
    /// <param name="prefix">What the store says before Go's own words.</param>
    /// <exception cref="BackendException">It is no number: to Dapr an error of the store, thus 500 and not 400.</exception>
    public static long? Seconds(this StateOperation operation, string function, string prefix = "")
    {
        try
        {
            return string.IsNullOrEmpty(operation.Ttl) ? null : GoInteger.Parse(operation.Ttl, function);
        }
        catch (FormatException wrong)
        {
            throw new BackendException(prefix + wrong.Message, wrong);
        }
    }
}
