using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>A folder of components, and which private servers it wants: those whose address its components refer to.</summary>
internal sealed record Target(string Folder, bool WantsRedis, bool WantsRabbitMq, bool WantsStateDatabase)
{
    /// <param name="name">A folder of components/, or a path.</param>
    public static Target Find(Workspace workspace, string name)
    {
        var folder = Path.Combine(workspace.Root, "components", name);
        if (name.Contains('/', StringComparison.Ordinal) && !Directory.Exists(folder))
        {
            folder = Path.GetFullPath(name);
        }

        if (!Directory.Exists(folder))
        {
            var known = Directory.GetDirectories(Path.Combine(workspace.Root, "components")).Select(Path.GetFileName).Order(StringComparer.Ordinal);
            throw new UserMessageException($"There is no components/{name}. There is {string.Join(", ", known)}; any other folder can be given by its path.");
        }

        var components = string.Concat(Directory.GetFiles(folder, "*.yaml").Concat(Directory.GetFiles(folder, "*.yml")).Select(File.ReadAllText));
        return new Target(folder, Wants("ECO2_REDIS_HOST"), Wants("ECO2_RABBITMQ"), Wants("ECO2_STATE_POSTGRES"));

        bool Wants(string variable) => components.Contains("envRef: " + variable, StringComparison.Ordinal);
    }

    /// <summary>The programs that the wanted servers are.</summary>
    public IEnumerable<Tool> Tools => [.. WantsRedis ? [Tool.Redis] : Array.Empty<Tool>(), .. WantsRabbitMq ? [Tool.RabbitMq] : Array.Empty<Tool>()];
}
