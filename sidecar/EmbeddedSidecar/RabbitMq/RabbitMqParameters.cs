using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using RabbitMQ.Client;

namespace EmbeddedSidecar.RabbitMq;

/// <summary>What a connection string says behind its question mark. Certificates there count for nothing: a component has settings of its own.</summary>
internal readonly struct RabbitMqParameters(Uri uri)
{
    private readonly Dictionary<string, StringValues> _given = QueryHelpers.ParseQuery(uri.Query);

    /// <summary>What is wrong with them, or null.</summary>
    public string? Complaint
    {
        get
        {
            foreach (var (name, most) in ((string, int)[])[("heartbeat", ushort.MaxValue), ("connection_timeout", int.MaxValue), ("channel_max", ushort.MaxValue)])
            {
                if (_given.TryGetValue(name, out var text) && !(Number(name) <= most))
                {
                    return $"has a {name} that is no number or too large: \"{text}\"";
                }
            }

            return Mechanisms.FirstOrDefault(name => name is not ("PLAIN" or "EXTERNAL")) is { } unknown
                ? $"has the auth_mechanism {unknown}, which the embedded sidecar does not support"
                : null;
        }
    }

    private IEnumerable<string> Mechanisms => _given.GetValueOrDefault("auth_mechanism").Select(name => (name ?? "").ToUpperInvariant());

    public void Apply(ConnectionFactory factory)
    {
        if (Number("heartbeat") is { } seconds)
        {
            factory.RequestedHeartbeat = TimeSpan.FromSeconds(seconds);
        }

        if (Number("connection_timeout") is > 0 and var milliseconds)
        {
            factory.RequestedConnectionTimeout = TimeSpan.FromMilliseconds(milliseconds);
        }

        if (Number("channel_max") is > 0 and var most)
        {
            factory.RequestedChannelMax = (ushort)most;
        }

        if (Mechanisms.Any())
        {
            factory.AuthMechanisms = [.. Mechanisms.Select(name => name == "PLAIN" ? (IAuthMechanismFactory)new PlainMechanismFactory() : new ExternalMechanismFactory())];
        }
    }

    private int? Number(string name) =>
        int.TryParse(_given.GetValueOrDefault(name).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
