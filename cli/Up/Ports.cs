using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Eco2.Cli.Up;

internal static class Ports
{
    // Below the range from which Linux takes ports for outgoing connections (32768 and up): a port found here is still free when,
    // seconds later, the process that it is meant for binds it.
    private const int First = 10000;
    private const int Last = 32000;

    // Two runs that start at once look at the same moment and see the same port free. So a port is held by a locked file until this process ends.
    private static readonly ConcurrentDictionary<int, FileStream> Held = new();
    private static readonly string Folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"eco2-ports-{Environment.UserName}")).FullName;

    /// <summary>A loopback port that is free, and that no process of this user gives out but this one, once.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(First, Last);
            if (!Held.ContainsKey(port) && Hold(port) is { } held)
            {
                if (IsFree(port) && Held.TryAdd(port, held))
                {
                    return port;
                }

                held.Dispose();
            }
        }
    }

    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static FileStream? Hold(int port)
    {
        try
        {
            return new FileStream(Path.Combine(Folder, $"{port}"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
