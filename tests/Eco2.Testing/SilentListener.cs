using System.Net;
using System.Net.Sockets;

namespace Eco2.Testing;

/// <summary>A port of this machine that nobody should ever connect to.</summary>
public sealed class SilentListener : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public SilentListener() => listener.Start();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>True once anybody connected, whatever was said then: the kernel takes connections by itself.</summary>
    public bool WasAsked => listener.Pending();

    public void Dispose() => listener.Dispose();
}
