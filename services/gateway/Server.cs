using System.Collections.Concurrent;
using System.Net;
using Eco2.Edge;
using Eco2.Gateway.Forwarding;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Eco2.Gateway;

/// <summary>Bounds what a client may cost before anybody knows who it is: slow headers and bodies, many or large headers, many connections.</summary>
internal sealed class Server(IOptions<GatewayOptions> options, IOptions<EdgeOptions> edge) : IConfigureOptions<KestrelServerOptions>
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, int> open = new(StringComparer.Ordinal);

    public void Configure(KestrelServerOptions kestrel)
    {
        var limits = kestrel.Limits;
        limits.RequestHeadersTimeout = options.Value.HeadersWithin;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 24 * 1024;
        limits.MinRequestBodyDataRate = new MinDataRate(options.Value.MinBytesPerSecond, Grace);
        limits.MinResponseDataRate = new MinDataRate(options.Value.MinBytesPerSecond, Grace);
        kestrel.AllowResponseHeaderCompression = false;
        kestrel.RequestHeaderEncodingSelector = name => name == HeaderNames.Connection ? ConnectionNames.Encoding : null;
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1;
            if (options.Value.MaxConnectionsPerAddress > 0 && !edge.Value.TrustForwardedFor)
            {
                endpoint.Use(next => connection => CountedAsync(connection, next));
            }
        });
    }

    private async Task CountedAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = ClientAddress.Group((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (open.AddOrUpdate(address, 1, (_, count) => count + 1) > options.Value.MaxConnectionsPerAddress)
        {
            Leave(address);
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(address);
        }
    }

    private void Leave(string address)
    {
        var left = open.AddOrUpdate(address, 0, (_, count) => count - 1);
        if (left == 0)
        {
            open.TryRemove(KeyValuePair.Create(address, 0));
        }
    }
}
