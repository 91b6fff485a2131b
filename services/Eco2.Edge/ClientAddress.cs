using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Eco2.Edge;

/// <summary>Where a request came from.</summary>
internal sealed class ClientAddress(IOptions<EdgeOptions> options)
{
    /// <summary>What the apps are told; copies from outside are removed.</summary>
    public const string Header = "X-Client-Address";

    public IPAddress? Of(HttpContext http)
    {
        if (options.Value.TrustForwardedFor
            && http.Request.Headers["X-Forwarded-For"].ToString().Split(',', StringSplitOptions.TrimEntries)[^1] is { Length: > 0 } last
            && IPAddress.TryParse(last, out var forwarded))
        {
            return Plain(forwarded);
        }

        return http.Connection.RemoteIpAddress is { } address ? Plain(address) : null;
    }

    /// <summary>Whose requests are counted together: somebody who has one address of IPv6 has the whole /64.</summary>
    public static string Group(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6 })
        {
            return address?.ToString() ?? "unknown";
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
