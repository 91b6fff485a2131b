using Xunit;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>A product of its own for those who mean it harm.</summary>
public sealed class AttackedSystem : IAsyncLifetime
{
    public EcoSystem System { get; } = new("attacked", new Dictionary<string, string> { ["Auth__PasswordIterations"] = "1000" });

    public Task InitializeAsync() => System.InitializeAsync();

    public Task DisposeAsync() => System.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class UnderAttack : ICollectionFixture<AttackedSystem>
{
    public const string Name = "the product under attack";
}
