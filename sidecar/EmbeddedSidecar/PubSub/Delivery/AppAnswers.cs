using System.Text.Json;
using EmbeddedSidecar.Api;

namespace EmbeddedSidecar.PubSub.Delivery;

/// <summary>Reads the bodies of 2xx answers the way daprd does, lenient for one message and strict for a batch.</summary>
internal static class AppAnswers
{
    /// <summary>The status of a single answer; null when there is none or the body cannot be read, which both mean success.</summary>
    public static string? Status(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        try
        {
            var reader = GoJson.Reader(body);
            string? status = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isStatus = reader.ValueTextEquals("status"u8)
                    || string.Equals(reader.GetString(), "status", StringComparison.OrdinalIgnoreCase);
                reader.Read();
                if (!isStatus)
                {
                    reader.Skip();
                }
                else if (reader.TokenType == JsonTokenType.String)
                {
                    status = reader.GetString();
                }
                else
                {
                    return null;
                }
            }

            return status;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What a status text means for one message; null is a text nobody knows.</summary>
    public static Verdict? Verdict(string? status) => status switch
    {
        null or "" or "SUCCESS" => Delivery.Verdict.Success,
        "RETRY" => Delivery.Verdict.Retry,
        "DROP" => Delivery.Verdict.Drop,
        _ => null,
    };

    /// <exception cref="DeliveryException">The body is not the JSON that a batch is answered with.</exception>
    public static Dictionary<string, Verdict> Statuses(ReadOnlyMemory<byte> body)
    {
        var verdicts = new Dictionary<string, Verdict>(StringComparer.Ordinal);
        try
        {
            using var document = GoJson.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DeliveryException("the answer to a batch is not a JSON object");
            }

            if (!document.RootElement.TryGetMember("statuses", out var statuses) || statuses.ValueKind != JsonValueKind.Array)
            {
                return verdicts;
            }

            foreach (var one in statuses.EnumerateArray())
            {
                // An empty or unknown status means again, opposite to a single message.
                if (one.TryGetMember("entryId", out var id) && id.ValueKind == JsonValueKind.String)
                {
                    verdicts[id.GetString()!] = one.TryGetMember("status", out var status) && status.ValueKind == JsonValueKind.String
                        ? status.GetString() switch
                        {
                            "SUCCESS" => Delivery.Verdict.Success,
                            "DROP" => Delivery.Verdict.Drop,
                            _ => Delivery.Verdict.Retry,
                        }
                        : Delivery.Verdict.Retry;
                }
            }

            return verdicts;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            throw new DeliveryException($"the answer to a batch cannot be read: {unreadable.Message}", unreadable);
        }
    }
}
