#nullable disable
namespace Dapr.Actors.Runtime;

/// <summary>A value that may be missing.</summary>
#pragma warning disable CA1815 // Nobody compares it.
public struct ConditionalValue<TValue>(bool hasValue, TValue value)
#pragma warning restore CA1815
{
    /// <summary>Whether it is there.</summary>
    public bool HasValue { get; } = hasValue;

    /// <summary>The value; default if it is missing.</summary>
    public TValue Value { get; } = value;
}
