using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>One operation of a transaction.</summary>
public sealed class StateTransactionRequest
{
    /// <summary>The operation's options.</summary>
    [SuppressMessage("Design", "CA1051", Justification = "A field in the official type.")]
    public StateOptions? Options;

    /// <summary>An operation. The value is stored as it is: serialize it yourself.</summary>
    public StateTransactionRequest(
        string key,
        byte[]? value,
        StateOperationType operationType,
        string? etag = null,
        IReadOnlyDictionary<string, string>? metadata = null,
        StateOptions? options = null)
    {
        ArgumentVerifier.ThrowIfNull(key, nameof(key));
        Key = key;
        Value = value;
        OperationType = operationType;
        ETag = etag;
        Metadata = metadata;
        Options = options;
    }

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>The bytes to store.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
    public byte[]? Value { get; set; }

    /// <summary>What to do.</summary>
    public StateOperationType? OperationType { get; set; }

    /// <summary>The version the key must have; null: any.</summary>
    public string? ETag { get; set; }

    /// <summary>Metadata for the store.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; set; }
}

/// <summary>One value of a bulk save.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The official shape.")]
public readonly struct SaveStateItem<TValue>(
    string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value.</summary>
    public TValue Value { get; } = value;

    /// <summary>The version the key must have; null or empty: any.</summary>
    public string ETag { get; } = etag;

    /// <summary>Options of this item.</summary>
    public StateOptions? StateOptions { get; } = stateOptions;

    /// <summary>Metadata for the store.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}

/// <summary>One key of a bulk delete.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The official shape.")]
public readonly struct BulkDeleteStateItem(
    string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The version the key must have; null or empty: any.</summary>
    public string ETag { get; } = etag;

    /// <summary>Options of this item.</summary>
    public StateOptions? StateOptions { get; } = stateOptions;

    /// <summary>Metadata for the store.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}

#nullable disable
/// <summary>One value of a bulk read, as text.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The official shape.")]
public readonly struct BulkStateItem(string key, string value, string etag)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The stored text; empty when the key is absent.</summary>
    public string Value { get; } = value;

    /// <summary>The version.</summary>
    public string ETag { get; } = etag;
}

/// <summary>One value of a bulk read.</summary>
[SuppressMessage("Performance", "CA1815", Justification = "The official shape.")]
public readonly struct BulkStateItem<TValue>(string key, TValue value, string etag)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value; default when the key is absent.</summary>
    public TValue Value { get; } = value;

    /// <summary>The version.</summary>
    public string ETag { get; } = etag;
}
#nullable restore
