using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace EmbeddedSidecar.PubSub.RabbitMq;

/// <summary>The properties and headers of a message of RabbitMQ as metadata, for components that ask for them.</summary>
internal static class MessageProperties
{
    public static Dictionary<string, string> Metadata(IReadOnlyBasicProperties properties)
    {
        var metadata = new Dictionary<string, string>();
        Add("messageid", properties.MessageId);
        Add("correlationid", properties.CorrelationId);
        Add("type", properties.Type);
        Add("contenttype", properties.ContentType);
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>())
        {
            if (value is not null)
            {
                metadata["metadata." + name] = Text(value);
            }
        }

        return metadata;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                metadata["metadata." + name] = value;
            }
        }
    }

    // As Go prints it: lists and tables too, such as the history that the server keeps of a message it has dead-lettered.
    private static string Text(object? value) => value switch
    {
        null => "<nil>",
        byte[] text => Encoding.UTF8.GetString(text),
        bool flag => flag ? "true" : "false",
        AmqpTimestamp time => DateTimeOffset.FromUnixTimeSeconds(time.UnixTime).ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture),
        IDictionary<string, object?> table => $"map[{string.Join(' ', table.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}:{Text(entry.Value)}"))}]",
        IEnumerable<object?> list => $"[{string.Join(' ', list.Select(Text))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
