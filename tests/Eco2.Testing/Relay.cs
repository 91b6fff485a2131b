using System.Net;
using System.Net.Sockets;

namespace Eco2.Testing;

/// <summary>
/// A port on loopback that hands connections on to another one. A daprd is told at its start where its app will listen, and asks until something
/// does: a relay that is pointed at the app later makes it wait, and lets another process of the app take the place.
/// </summary>
internal sealed class Relay(int port) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private TcpListener? listener;
    private Task accepting = Task.CompletedTask;
    private CancellationTokenSource moved = new();
    private int target;

    public int Port => port;

    /// <summary>Where new connections go from now on; those to the former place are cut.</summary>
    public async Task PointAtAsync(int appPort)
    {
        target = appPort;
        var former = Interlocked.Exchange(ref moved, new CancellationTokenSource());
        await former.CancelAsync();
        former.Dispose();
        if (listener is null)
        {
            listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            accepting = AcceptAsync(listener);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener?.Stop();
        await accepting;
        await moved.CancelAsync();
        moved.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync(TcpListener from)
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await from.AcceptTcpClientAsync(stopping.Token), moved.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task CarryAsync(TcpClient caller, CancellationToken ct)
    {
        using var there = new TcpClient();
        using (caller)
        {
            try
            {
                await there.ConnectAsync(IPAddress.Loopback, target, ct);
                await Task.WhenAll(PumpAsync(caller, there, ct), PumpAsync(there, caller, ct));
            }
            catch (Exception cut) when (cut is IOException or SocketException or OperationCanceledException)
            {
                // Both ends see it closed.
            }
        }
    }

    private static async Task PumpAsync(TcpClient from, TcpClient to, CancellationToken ct)
    {
        await from.GetStream().CopyToAsync(to.GetStream(), ct);
        to.Client.Shutdown(SocketShutdown.Send);
    }
}
