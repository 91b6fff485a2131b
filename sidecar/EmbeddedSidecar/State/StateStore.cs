using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.State;

/// <summary>A state store as one app sees it: the store, how keys are prefixed, and its policy.</summary>
internal sealed class StateStore
{
    /// <summary>Parts of a stored key; a key of an app may not contain it.</summary>
    public const string Separator = "||";

    private readonly string _prefix;

    public StateStore(AppInstance app, string name, string? keyPrefix, bool isActorStore, IStateStore store)
    {
        Name = name;
        Store = store;
        IsActorStore = isActorStore;
        _prefix = keyPrefix switch
        {
            null or "" => app.AppId + Separator,
            _ when keyPrefix.Equals("appid", StringComparison.OrdinalIgnoreCase) => app.AppId + Separator,
            _ when keyPrefix.Equals("name", StringComparison.OrdinalIgnoreCase) => name + Separator,
            _ when keyPrefix.Equals("none", StringComparison.OrdinalIgnoreCase) => "",
            // Falls back to the app id form when NAMESPACE is not set, as in Dapr.
            _ when keyPrefix.Equals("namespace", StringComparison.OrdinalIgnoreCase) =>
                app.Settings.Variable("NAMESPACE") is { Length: > 0 } ns ? $"{ns}.{app.AppId}{Separator}" : app.AppId + Separator,
            // In lower case, as Dapr has it.
            _ => keyPrefix.ToLowerInvariant() + Separator,
        };
    }

    public string Name { get; }

    public IStateStore Store { get; }

    public bool IsActorStore { get; }

    /// <summary>The key as stored.</summary>
    /// <exception cref="Api.DaprException">The key is empty or contains the separator.</exception>
    public string Key(string key)
    {
        if (key.Contains(Separator, StringComparison.Ordinal))
        {
            var why = $"input key/keyPrefix '{key}' can't contain '{Separator}'";
            throw new Api.DaprException("ERR_MALFORMED_REQUEST", 400, Grpc.StatusCode.InvalidArgument, why)
            {
                Reason = "DAPR_STATE_ILLEGAL_KEY", ResourceType = "state", ResourceName = Name, Violation = (key, why),
                // There daprd wraps the refusal in another one of the same kind.
                HttpMessage = $"api error: code = InvalidArgument desc = {why}",
            };
        }

        return _prefix + key;
    }
}
