namespace Eco2.Faults.Chaos;

/// <summary>The wall clock that the apps and the sidecar see, by libfaketime: <c>eco2 up</c> finds our dotnet and node first on its PATH, and
/// those load the library before the real program. It reads a file once a second, so time can step while everything runs. What measures
/// (CLOCK_MONOTONIC) is left alone, as it is when an operator sets a clock. Servers, tests and eco2 itself keep the real time.</summary>
internal sealed class WallClock
{
    private static readonly string[] Libraries =
    [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/faketime/libfaketime.so.1",
    ];

    // The library looks at its file again when this has passed.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(1);

    private readonly string file;
    private readonly string programs;

    public WallClock(string folder)
    {
        (file, programs) = (Path.Combine(folder, "clock"), Path.Combine(folder, "programs"));
        Directory.CreateDirectory(programs);
        Write(TimeSpan.Zero);
        Wrap("dotnet", Environment.ProcessPath!);
        Wrap("node", Find("node"));
    }

    /// <summary>What <c>eco2 up</c> must be started with.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_CACHE_DURATION"] = $"{Lag.TotalSeconds:0}",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        // Waits on the monotonic clock are passed through; converting them makes .NET's waits end at once.
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    /// <summary>From now on it is <paramref name="off"/> later (or earlier) than it really is.</summary>
    public async Task StepAsync(TimeSpan off, CancellationToken ct)
    {
        Write(off);
        // Nothing to wait for: the processes look when their second is over.
        await Task.Delay(Lag + Lag, ct);
    }

    private void Write(TimeSpan off)
    {
        File.WriteAllText(file + ".new", $"{(off < TimeSpan.Zero ? '-' : '+')}{Math.Abs(off.TotalSeconds):0}s\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    private void Wrap(string name, string program)
    {
        var library = Libraries.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("libfaketime is not installed (package libfaketime; ./eco2 test installs it).");
        var wrapper = Path.Combine(programs, name);
        File.WriteAllText(wrapper, $"#!/bin/sh\nexport LD_PRELOAD='{library}'\nexec '{program}' \"$@\"\n");
        File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).First(File.Exists);
}
