using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>Dapr's own programs, by their full paths.</summary>
internal sealed record DaprPrograms(string Daprd, string Placement, string Scheduler)
{
    /// <summary>All in one folder.</summary>
    public static DaprPrograms In(string folder) => new(Path.Combine(folder, "daprd"), Path.Combine(folder, "placement"), Path.Combine(folder, "scheduler"));

    /// <summary>On the PATH, or where <c>dapr init --slim</c> puts them.</summary>
    /// <exception cref="UserMessageException">One is missing.</exception>
    public static DaprPrograms Find()
    {
        static string Locate(string program)
        {
            var installed = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dapr", "bin", program);
            return Shell.Find(program) ?? (File.Exists(installed) ? installed : throw new UserMessageException(
                $"{SidecarRuntime.Variable}=daprd wants daprd, placement and scheduler (Dapr {Up.Daprd.Written}x) on the PATH or in ~/.dapr/bin, and there is no {program}. "
                + "`dapr init --slim` brings all three; so do the archives of Dapr's releases. Without the variable Eco² runs on its own sidecar."));
        }

        return new DaprPrograms(Locate("daprd"), Locate("placement"), Locate("scheduler"));
    }
}
