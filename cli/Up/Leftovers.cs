namespace Eco2.Cli.Up;

/// <summary>Apps that outlived an eco2 which was killed.</summary>
internal static class Leftovers
{
    public static void Stop(RunRecord? earlier)
    {
        foreach (var app in earlier?.Apps ?? [])
        {
            // The environment is compared too: process ids are used again.
            if (app.Pid is { } pid && Belongs(pid, app))
            {
                ManagedProcess.Signal(pid, 9);
            }
        }
    }

    private static bool Belongs(int pid, RunningApp app)
    {
        try
        {
            var environment = File.ReadAllText($"/proc/{pid}/environ").Split('\0');
            return environment.Any(entry => entry.StartsWith("ECO2_OBJECTS_DIR=", StringComparison.Ordinal))
                && (app.AppId == "" || environment.Contains($"APP_ID={app.AppId}", StringComparer.Ordinal));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
