using Eco2.Testing;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>The table of component types, <c>component-types.yaml</c>.</summary>
internal sealed record ComponentTypes
{
    public static ComponentTypes Table { get; } =
        Yaml.Read<ComponentTypes>(File.ReadAllText(Path.Combine(Checkout.Root, "tests/Eco2.Architecture.Tests/Targets/component-types.yaml")));

    public Dictionary<string, Settings> Groups { get; init; } = [];

    public Dictionary<string, ComponentType> Types { get; init; } = [];

    public IEnumerable<string> KnownTo(ComponentType type) => type.Groups.SelectMany(group => Groups[group].Known).Concat(type.Known);

    public IEnumerable<string> SecretIn(ComponentType type) => type.Groups.SelectMany(group => Groups[group].Secret).Concat(type.Secret);
}

internal record Settings
{
    public List<string> Known { get; init; } = [];

    public List<string> Secret { get; init; } = [];
}

internal sealed record ComponentType : Settings
{
    public string Version { get; init; } = "v1";

    public List<string> Groups { get; init; } = [];

    public List<List<string>> Required { get; init; } = [];

    /// <summary>Whether it can hold what actors and workflows need: ETags and transactions.</summary>
    public bool Workflows { get; init; }

    /// <summary>The setting that says for how long a consumer keeps a message.</summary>
    public string Locks { get; init; } = "none";

    /// <summary>In the metadata of a request to an object store, the name of the object.</summary>
    public string? Name { get; init; }

    /// <summary>Who tells an object store that it gets base64: guessed, request or component.</summary>
    public string? Base64 { get; init; }

    /// <summary>Whether the broker brings a message again that its consumer gave up.</summary>
    public bool Redelivers { get; init; }
}
