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
    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    /// <summary>A loopback port that is free, and that this process gives out once.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(First, Last);
            if (IsFree(port) && Taken.TryAdd(port, true))
            {
                return port;
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
}
