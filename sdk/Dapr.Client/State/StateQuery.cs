using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>Answer of a query.</summary>
public class StateQueryResponse<TValue>(IReadOnlyList<StateQueryItem<TValue>> results, string token, IReadOnlyDictionary<string, string> metadata)
{
    /// <summary>What was found.</summary>
    public IReadOnlyList<StateQueryItem<TValue>> Results { get; } = results;

    /// <summary>Where the next page begins; empty at the end.</summary>
    public string Token { get; } = token;

    /// <summary>Metadata of the store.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;
}

/// <summary>One value that a query found.</summary>
public class StateQueryItem<TValue>(string key, TValue data, string etag, string error)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value; default when there is an error.</summary>
    public TValue? Data { get; } = data;

    /// <summary>The version.</summary>
    public string ETag { get; } = etag;

    /// <summary>Why there is no value; empty when there is one.</summary>
    public string Error { get; } = error;
}

/// <summary>Some results of a query carry errors.</summary>
[SuppressMessage("Design", "CA1032", Justification = "The official type has this constructor only.")]
public class StateQueryException<TValue>(string message, StateQueryResponse<TValue> response, IReadOnlyList<string> failedKeys)
    : DaprApiException(message)
{
    /// <summary>What was found all the same.</summary>
    public StateQueryResponse<TValue> Response { get; } = response;

    /// <summary>Keys whose values could not be read.</summary>
    public IReadOnlyList<string> FailedKeys { get; } = failedKeys;
}
