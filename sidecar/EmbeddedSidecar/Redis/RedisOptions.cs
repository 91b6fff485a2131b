using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Redis;

/// <summary>Where a Redis server is and who we are there; the same metadata for state, pub/sub, lock and configuration.</summary>
internal sealed record RedisOptions(string Host, int Port)
{
    public string? Username { get; init; }

    public string? Password { get; init; }

    public int Database { get; init; }

    public bool Tls { get; init; }

    public bool SkipTlsVerify { get; init; }

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public override string ToString() => $"{Host}:{Port}";

    public static RedisOptions From(ComponentMetadata metadata)
    {
        var address = metadata.Required("redisHost");
        if (address.Contains(','))
        {
            throw metadata.Refuse("redisHost", "names several servers; cluster and sentinel are not supported by the embedded sidecar");
        }

        if (metadata.Text("redisType", "node") != "node")
        {
            throw metadata.Refuse("redisType", "must be \"node\"; clusters are not supported by the embedded sidecar");
        }

        foreach (var name in (string[])["failover", "useEntraID", "useIAM"])
        {
            if (metadata.Flag(name, false))
            {
                throw metadata.Refuse(name, "is not supported by the embedded sidecar");
            }
        }

        // How go-redis pools and retries does not apply to one pipelined connection; the values change nothing a client can see.
        metadata.Ignore(
            "redisMaxRetries", "redisMinRetryInterval", "redisMaxRetryInterval", "readTimeout", "writeTimeout", "poolSize", "poolTimeout",
            "maxConnAge", "minIdleConns", "idleTimeout", "idleCheckFrequency", "maxRetries", "maxRetryBackoff");

        var (host, port) = SplitAddress(address, metadata.Integer("redisPort", 6379));
        return new RedisOptions(host, port)
        {
            Username = metadata.Optional("redisUsername"),
            Password = metadata.Optional("redisPassword"),
            Database = metadata.Integer("redisDB", 0),
            Tls = metadata.Flag("enableTLS", false),
            SkipTlsVerify = metadata.Flag("insecureSkipTLSVerify", false),
            DialTimeout = metadata.Duration("dialTimeout", TimeSpan.FromSeconds(5)),
        };
    }

    private static (string Host, int Port) SplitAddress(string address, int defaultPort)
    {
        var colon = address.LastIndexOf(':');
        return colon > 0 && int.TryParse(address.AsSpan(colon + 1), out var port)
            ? (address[..colon].Trim('[', ']'), port)
            : (address, defaultPort);
    }
}
