#nullable disable
namespace Dapr.Client;

/// <summary>Configuration items by key.</summary>
public class GetConfigurationResponse(IReadOnlyDictionary<string, ConfigurationItem> configMap)
{
    /// <summary>The items.</summary>
    public IReadOnlyDictionary<string, ConfigurationItem> Items { get; } = configMap;
}

/// <summary>A configuration item.</summary>
public class ConfigurationItem(string value, string version, IReadOnlyDictionary<string, string> metadata)
{
    /// <summary>The value.</summary>
    public string Value { get; } = value;

    /// <summary>The version.</summary>
    public string Version { get; } = version;

    /// <summary>Metadata of the store.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;
}

/// <summary>A subscription to configuration items.</summary>
public class SubscribeConfigurationResponse(ConfigurationSource source)
{
    /// <summary>Its id; empty until the first message came.</summary>
    public string Id => Source is ConfigurationSource named ? named.Id : null;

    /// <summary>Changes, for as long as it is enumerated.</summary>
    public IAsyncEnumerable<IDictionary<string, ConfigurationItem>> Source { get; } = source;
}

/// <summary>Where changes of configuration items come from.</summary>
public abstract class ConfigurationSource : IAsyncEnumerable<IDictionary<string, ConfigurationItem>>
{
    /// <summary>The subscription's id; empty until the first message came.</summary>
    public abstract string Id { get; }

    /// <inheritdoc/>
    public abstract IAsyncEnumerator<IDictionary<string, ConfigurationItem>> GetAsyncEnumerator(CancellationToken cancellationToken = default);
}

/// <summary>Whether a subscription was ended.</summary>
public class UnsubscribeConfigurationResponse(bool ok, string message)
{
    /// <summary>True when it was.</summary>
    public bool Ok { get; } = ok;

    /// <summary>Why it was not.</summary>
    public string Message { get; } = message;
}
