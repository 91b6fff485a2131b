using EmbeddedSidecar.Components;
using RabbitMQ.Client;

namespace EmbeddedSidecar.RabbitMq;

/// <summary>Where a RabbitMQ server is and who we are there.</summary>
internal sealed record RabbitMqServer(Uri Uri, string? ClientName, TimeSpan HeartBeat, RabbitMqTls Tls)
{
    private bool IsSecure => Uri.Scheme == "amqps";

    private int Port => Uri.Port > 0 ? Uri.Port : IsSecure ? 5671 : 5672;

    public override string ToString() => $"{Uri.Host}:{Port}";

    public ConnectionFactory Factory()
    {
        var factory = new ConnectionFactory
        {
            HostName = Uri.Host.Length > 0 ? Uri.DnsSafeHost : "localhost",
            Port = Port,
            ClientProvidedName = ClientName,
            RequestedHeartbeat = HeartBeat,
            // The most that a server takes by default, and that this client allows.
            MaxInboundMessageBodySize = 128 * 1024 * 1024,
            // Who uses a connection opens the next one, and declares again what it needs.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
        };
        if (Uri.AbsolutePath.Length > 1)
        {
            factory.VirtualHost = Uri.UnescapeDataString(Uri.AbsolutePath[1..]);
        }

        if (Uri.UserInfo.Split(':', 2) is { } account && account[0].Length > 0)
        {
            factory.UserName = Uri.UnescapeDataString(account[0]);
            factory.Password = account.Length > 1 ? Uri.UnescapeDataString(account[1]) : factory.Password;
        }

        new RabbitMqParameters(Uri).Apply(factory);
        if (IsSecure)
        {
            Tls.Apply(factory);
        }

        return factory;
    }

    public static RabbitMqServer From(ComponentMetadata metadata)
    {
        // Dapr's client takes none for its default.
        var heartBeat = metadata.DurationOrSeconds("heartBeat", TimeSpan.Zero) is { Ticks: > 0 } given ? given : TimeSpan.FromSeconds(10);
        return new RabbitMqServer(Address(metadata), metadata.Optional("clientName"), heartBeat, RabbitMqTls.From(metadata));
    }

    private static Uri Address(ComponentMetadata metadata)
    {
        var (protocol, host) = (metadata.Optional("protocol"), metadata.Text("hostname", "localhost"));
        var (user, password) = (metadata.Optional("username"), metadata.Optional("password"));
        // "host" is the name of old: it holds a whole connection string.
        var old = metadata.Exactly("host");
        if ((metadata.Optional("connectionString") ?? old) is not { } given)
        {
            var account = user is null ? "" : password is null ? Uri.EscapeDataString(user) + "@" : $"{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@";
            given = $"{protocol ?? "amqp"}://{account}{host}";
        }
        else if (protocol is not null && !given.StartsWith(protocol + "://", StringComparison.Ordinal))
        {
            throw metadata.Refuse("protocol", "does not match the connection string");
        }

        if (!Uri.TryCreate(given, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw metadata.Refuse("connectionString", "is not of the form amqp://user:password@host:port/vhost");
        }

        return new RabbitMqParameters(uri).Complaint is { } complaint ? throw metadata.Refuse("connectionString", complaint) : uri;
    }
}
