using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Hosting;

/// <summary>The arguments of the process.</summary>
internal sealed record CommandLine(string RunFilePath, IReadOnlyList<string> ResourcePaths, string? PortsFilePath, string LogLevel)
{
    public const string Usage =
        "usage: EmbeddedSidecar --run-file dapr.yaml [--resources-path DIR ...] [--ports-file ports.json] [--log-level trace|debug|info|warn|error|off]";

    /// <exception cref="SidecarConfigurationException">Unknown or incomplete argument.</exception>
    public static CommandLine Parse(string[] args)
    {
        string? runFile = null;
        string? portsFile = null;
        var logLevel = "info";
        var resources = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i];
            var value = i + 1 < args.Length ? args[++i] : throw new SidecarConfigurationException($"{name} wants a value. {Usage}");
            switch (name)
            {
                case "--run-file":
                    runFile = value;
                    break;
                case "--resources-path":
                    resources.Add(Path.GetFullPath(value));
                    break;
                case "--ports-file":
                    portsFile = value;
                    break;
                case "--log-level":
                    logLevel = value;
                    break;
                default:
                    throw new SidecarConfigurationException($"{name} is not known. {Usage}");
            }
        }

        return new CommandLine(runFile ?? throw new SidecarConfigurationException($"--run-file is missing. {Usage}"), resources, portsFile, logLevel);
    }

    /// <summary>Resource paths of the command line replace those of the file.</summary>
    public SidecarOptions Options()
    {
        var apps = RunFile.Read(RunFilePath);
        if (PortsFilePath is not null)
        {
            apps = PortsFile.Apply(PortsFilePath, apps);
        }

        if (ResourcePaths.Count > 0)
        {
            apps = [.. apps.Select(app => app with { ResourcePaths = ResourcePaths })];
        }

        return new SidecarOptions { Apps = apps, LogLevel = LogLevel };
    }
}
