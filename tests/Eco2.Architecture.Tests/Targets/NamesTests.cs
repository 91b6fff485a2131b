using Xunit;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>A target defines what the apps name: no less, no more, and for the same apps as every other target.</summary>
public sealed class NamesTests
{
    public static TheoryData<string> Targets => [.. Target.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_target_defines_exactly_the_components_that_the_code_names(string target) =>
        Assert.Equal(
            CodeNames.NeededIn(Target.Load(target)).Select(need => need.Component).Distinct().Order(StringComparer.Ordinal),
            Target.Load(target).Components.Select(c => c.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Who_names_a_component_may_use_it(string target)
    {
        var loaded = Target.Load(target);

        Assert.DoesNotContain(CodeNames.NeededIn(loaded), need => loaded[need.Component]?.IsFor(need.App) == false);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Scopes_name_apps_and_are_the_same_in_every_target(string target)
    {
        var scopes = Scopes(Target.Load(target));

        Assert.Equal(Scopes(Target.Load(Target.Model)), scopes);
        Assert.DoesNotContain(Target.Load(target).Components.SelectMany(c => c.Scopes), app => !CodeNames.Apps.Contains(app));
    }

    private static IEnumerable<string> Scopes(Target target) =>
        target.Components.OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => $"{c.Name}: {string.Join(' ', c.Scopes.Order(StringComparer.Ordinal))}");

    [Fact]
    public void The_code_is_read()
    {
        var needed = CodeNames.NeededIn(Target.Load(Target.Model)).ToHashSet();

        Assert.Superset(
            new HashSet<(string, string)>
            {
                ("objects", "media"), ("objects", "image"), ("jobs", "scan"), ("state", "worker"), ("workflow", "worker"), ("secrets", "worker"),
                ("dead-letters-retry", "my"), ("broadcast", "auth"), ("job-events", "event-router"), ("pubsub", "scan"),
            },
            needed);
    }
}
