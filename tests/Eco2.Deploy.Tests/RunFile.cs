using Eco2.Testing;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Eco2.Deploy.Tests;

/// <summary>What <c>dapr.yaml</c> runs.</summary>
internal sealed record RunFile
{
    private static readonly RunFile Read = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).IgnoreUnmatchedProperties().Build()
        .Deserialize<RunFile>(File.ReadAllText(Path.Combine(Checkout.Root, "dapr.yaml")));

    public static IReadOnlyList<RunApp> Apps => Read.Items;

    public static string MaxBodySize => Read.Common.MaxBodySize;

    [YamlMember(Alias = "apps")]
    public List<RunApp> Items { get; init; } = [];

    public RunCommon Common { get; init; } = new();
}

internal sealed record RunCommon
{
    public string MaxBodySize { get; init; } = "";
}

internal sealed record RunApp
{
    public string AppID { get; init; } = "";

    public int AppPort { get; init; }

    public int DaprHTTPPort { get; init; }

    public int DaprGRPCPort { get; init; }

    public List<string> Command { get; init; } = [];
}
