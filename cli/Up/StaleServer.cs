using System.Globalization;

namespace Eco2.Cli.Up;

/// <summary>A server that outlived an eco2 which was killed: it still holds the data folder and has to go first.</summary>
internal static class StaleServer
{
    public static async Task StopAsync(string pidFile, string program, CancellationToken ct)
    {
        if (!File.Exists(pidFile)
            || !int.TryParse((await File.ReadAllLinesAsync(pidFile, ct)).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            || !IsRunning(pid, program))
        {
            return;
        }

        ManagedProcess.Signal(pid, program == "postgres" ? 2 : 15);
        await Until.TrueAsync(() => Task.FromResult(!IsRunning(pid, program)), $"{program} (process {pid}) of an earlier run does not stop. End it and try again.", TimeProvider.System, ct);
    }

    /// <summary>The name is compared too: process ids are used again.</summary>
    public static bool IsRunning(int pid, string program)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim().StartsWith(program[..Math.Min(program.Length, 15)], StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
