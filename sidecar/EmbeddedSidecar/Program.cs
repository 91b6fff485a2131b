using System.Runtime.InteropServices;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Hosting;

namespace EmbeddedSidecar;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await using var host = await SidecarHost.StartAsync(CommandLine.Parse(args).Options(), CancellationToken.None);
            await Task.WhenAny(stop.Task, host.Stopped);
            return 0;
        }
        catch (SidecarConfigurationException refused)
        {
            await Console.Error.WriteLineAsync(refused.Message);
            // A server that is away may come back; a file that is wrong stays wrong.
            return refused.InnerException is BackendException or OperationCanceledException ? 1 : 2;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.TrySetResult();
        }
    }
}
