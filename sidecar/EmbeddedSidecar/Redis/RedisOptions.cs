using System.Globalization;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Redis;

/// <summary>Where a Redis server is and who we are there; the same metadata for state, pub/sub, lock and configuration.</summary>
internal sealed record RedisOptions(string Host, int Port)
{
    // Dapr refuses these when they are empty; a variable that is not set makes them so.
    private static readonly string[] _noTexts =
    [
        "redisPort", "redisDB", "enableTLS", "insecureSkipTLSVerify", "failover", "useEntraID", "dialTimeout", "readTimeout", "writeTimeout", "redisMaxRetries",
        "redisMinRetryInterval", "redisMaxRetryInterval", "poolSize", "poolTimeout", "maxConnAge", "minIdleConns", "idleTimeout", "idleCheckFrequency",
        "processingTimeout", "queueDepth", "concurrency", "maxLenApprox", "streamTTL", "ttlInSeconds",
    ];

    public string? Username { get; init; }

    public string? Password { get; init; }

    public int Database { get; init; }

    public bool Tls { get; init; }

    public bool SkipTlsVerify { get; init; }

    /// <summary>Who we are, for a server that asks.</summary>
    public ClientCertificate? Certificate { get; init; }

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public override string ToString() => $"{Host}:{Port}";

    public static RedisOptions From(ComponentMetadata metadata)
    {
        metadata.RefuseEmpty(_noTexts);
        var address = metadata.Optional("redisHost");
        if (address?.Contains(',') == true)
        {
            throw metadata.Refuse("redisHost", "names several servers; cluster and sentinel are not supported by the embedded sidecar");
        }

        if (metadata.Text("redisType", "node") != "node")
        {
            throw metadata.Refuse("redisType", "must be \"node\"; clusters are not supported by the embedded sidecar");
        }

        foreach (var name in (string[])["failover", "useEntraID", "useIAM"])
        {
            if (metadata.GoFlag(name, false))
            {
                throw metadata.Refuse(name, "is not supported by the embedded sidecar");
            }
        }

        // How go-redis pools and retries does not apply to one pipelined connection; the values change nothing a client can see.
        metadata.Ignore(
            "redisMaxRetries", "redisMinRetryInterval", "redisMaxRetryInterval", "readTimeout", "writeTimeout", "poolSize", "poolTimeout",
            "maxConnAge", "minIdleConns", "idleTimeout", "idleCheckFrequency", "maxRetries", "maxRetryBackoff");

        var (host, port) = SplitAddress(address, metadata);
        var tls = metadata.GoFlag("enableTLS", false);
        var (certificate, key) = (metadata.Optional("clientCert"), metadata.Optional("clientKey"));
        return new RedisOptions(host, port)
        {
            Username = metadata.Optional("redisUsername"),
            Password = metadata.Optional("redisPassword"),
            Database = metadata.Integer("redisDB", 0),
            Tls = tls,
            SkipTlsVerify = metadata.GoFlag("insecureSkipTLSVerify", false),
            Certificate = tls ? ClientCertificate.Pair(metadata, certificate, key) : null,
            DialTimeout = metadata.Duration("dialTimeout", TimeSpan.Zero) is { Ticks: > 0 } limit ? limit : TimeSpan.FromSeconds(5),
        };
    }

    /// <summary>How long to wait for an answer: Dapr's client reads for readTimeout and tries three times more before it gives up.</summary>
    public static TimeSpan Patience(ComponentMetadata metadata) => metadata.Duration("readTimeout", TimeSpan.Zero) switch
    {
        { Ticks: > 0 } once => once * 4,
        { Ticks: < 0 } => Timeout.InfiniteTimeSpan,
        _ => TimeSpan.FromSeconds(12),
    };

    // A colon more than one, and no brackets: an IPv6 address alone.
    private static (string Host, int Port) SplitAddress(string? address, ComponentMetadata metadata)
    {
        var apart = metadata.Integer("redisPort", 0);
        if (address is null)
        {
            // Where Dapr's client goes; a port alone says nothing to it.
            return ("localhost", 6379);
        }

        var colon = address.LastIndexOf(':');
        if (colon < 0 || address.EndsWith(']') || (address.IndexOf(':', StringComparison.Ordinal) != colon && !address.StartsWith('[')))
        {
            return (address.Trim('[', ']'), apart == 0 ? 6379 : apart);
        }

        var port = ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : throw metadata.Refuse("redisHost", $"has a port that is none: \"{address}\"");
        return apart == 0 || apart == port
            ? (colon == 0 ? "localhost" : address[..colon].Trim('[', ']'), port)
            : throw metadata.Refuse("redisPort", $"says {apart}, but redisHost says {port}");
    }
}
