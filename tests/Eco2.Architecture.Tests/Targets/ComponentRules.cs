using System.Text.RegularExpressions;

namespace Eco2.Architecture.Tests.Targets;

/// <summary>What is wrong with the components of a target, each for itself.</summary>
internal static partial class ComponentRules
{
    public static IEnumerable<string> Complaints(Target target)
    {
        foreach (var twice in target.Components.GroupBy(c => c.Name).Where(group => group.Count() > 1))
        {
            yield return $"{twice.Key} is there twice";
        }

        foreach (var component in target.Components)
        {
            foreach (var complaint in Complaints(target, component))
            {
                yield return $"{component.Name}: {complaint}";
            }
        }
    }

    private static IEnumerable<string> Complaints(Target target, ComponentFile component)
    {
        if (!ComponentTypes.Table.Types.TryGetValue(component.Spec.Type, out var type))
        {
            return [$"the type {component.Spec.Type} is not in component-types.yaml"];
        }

        return Shape(component, type).Concat(component.Spec.Metadata.SelectMany(setting => Setting(target, component, type, setting)));
    }

    private static IEnumerable<string> Shape(ComponentFile component, ComponentType type)
    {
        if (component.ApiVersion != "dapr.io/v1alpha1" || component.Spec.Version != type.Version)
        {
            yield return $"it is {component.ApiVersion}, version {component.Spec.Version}; it should be dapr.io/v1alpha1, version {type.Version}";
        }

        foreach (var twice in component.Spec.Metadata.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return $"{twice.Key} is set twice";
        }

        foreach (var missing in type.Required.Where(any => !any.Exists(name => component.Spec.Metadata.Exists(s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))))
        {
            yield return $"{string.Join(" or ", missing)} is missing";
        }

        if (component.Plain("actorStateStore") is not null && !type.Workflows)
        {
            yield return $"{component.Spec.Type} cannot hold workflows";
        }
    }

    private static IEnumerable<string> Setting(Target target, ComponentFile component, ComponentType type, Setting setting)
    {
        // Dapr takes most names in any letter case, but not all: consumerId is none.
        if (!ComponentTypes.Table.KnownTo(type).Contains(setting.Name))
        {
            yield return $"{component.Spec.Type} does not know {setting.Name}";
        }

        if (setting is { Name: "redeliverInterval", Value: { } interval } && !interval.All(char.IsAsciiDigit))
        {
            yield return $"redeliverInterval is {interval}, but Dapr ignores all but a number of milliseconds";
        }

        if (new object?[] { setting.Value, setting.EnvRef, setting.SecretKeyRef }.Count(way => way is not null) != 1)
        {
            yield return $"{setting.Name} wants one of value, envRef and secretKeyRef";
        }

        if (setting.EnvRef is { } variable && (variable == "APP_API_TOKEN" || variable.StartsWith("DAPR_", StringComparison.Ordinal)))
        {
            yield return $"Dapr gives no component {variable}";
        }

        if (setting.SecretKeyRef is not null && target.Components.FirstOrDefault(c => c.Name == component.Auth?.SecretStore)?.Spec.Type.StartsWith("secretstores.", StringComparison.Ordinal) != true)
        {
            yield return $"{setting.Name} is a secret, but auth.secretStore names no secret store";
        }

        if (setting.Value is not null && (ComponentTypes.Table.SecretIn(type).Contains(setting.Name, StringComparer.OrdinalIgnoreCase) || Secret().IsMatch(setting.Value)))
        {
            yield return $"{setting.Name} stands in clear";
        }
    }

    // Keys of clouds, passwords in a URL or a connection string, private keys.
    [GeneratedRegex(@"AKIA[0-9A-Z]{16}|AccountKey=|SharedAccessKey=|password\s*=|-----BEGIN|://[^/\s:@]+:[^/\s@]+@", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
