using EmbeddedSidecar.Components;
using RabbitMQ.Client;

namespace EmbeddedSidecar.RabbitMq;

/// <summary>Where a RabbitMQ server is and who we are there.</summary>
internal sealed record RabbitMqServer(Uri Uri, string? ClientName, TimeSpan HeartBeat)
{
    public override string ToString() => $"{Uri.Host}:{(Uri.Port > 0 ? Uri.Port : 5672)}";

    public ConnectionFactory Factory() => new()
    {
        Uri = Uri,
        ClientProvidedName = ClientName,
        RequestedHeartbeat = HeartBeat,
        // Who uses a connection opens the next one, and declares again what it needs.
        AutomaticRecoveryEnabled = false,
        TopologyRecoveryEnabled = false,
    };

    public static RabbitMqServer From(ComponentMetadata metadata)
    {
        foreach (var name in (string[])["caCert", "clientCert", "clientKey"])
        {
            if (metadata.Optional(name) is not null)
            {
                throw metadata.Refuse(name, "is not supported by the embedded sidecar");
            }
        }

        if (metadata.Flag("saslExternal", false))
        {
            throw metadata.Refuse("saslExternal", "is not supported by the embedded sidecar");
        }

        return new RabbitMqServer(
            Address(metadata), metadata.Optional("clientName"), metadata.DurationOrSeconds("heartBeat", TimeSpan.FromSeconds(10)));
    }

    private static Uri Address(ComponentMetadata metadata)
    {
        var (protocol, host) = (metadata.Optional("protocol"), metadata.Text("hostname", "localhost"));
        var (user, password) = (metadata.Optional("username"), metadata.Optional("password"));
        // "host" is the name of old: it holds a whole connection string.
        var old = metadata.Optional("host");
        if ((metadata.Optional("connectionString") ?? old) is not { } given)
        {
            var account = user is null ? "" : password is null ? Uri.EscapeDataString(user) + "@" : $"{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@";
            given = $"{protocol ?? "amqp"}://{account}{host}";
        }
        else if (protocol is not null && !given.StartsWith(protocol + "://", StringComparison.Ordinal))
        {
            throw metadata.Refuse("protocol", "does not match the connection string");
        }

        return Uri.TryCreate(given, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri.Query.Length == 0
            ? uri
            : throw metadata.Refuse("connectionString", "is not of the form amqp://user:password@host:port/vhost, or has parameters, which the embedded sidecar does not support");
    }
}
