using System.Security.Cryptography;
using System.Text.Json;
using Eco2.Contracts.DeadLetters;

namespace Eco2.My.DeadLetters;

/// <summary>A message as the broker had it.</summary>
internal sealed record Letter(string Topic, string EventId, string? Source, byte[] Payload)
{
    // Ids of ours have 36 characters.
    private const int LongestId = 200;

    /// <summary>Whatever the bytes are, they make a letter: what is broken is here because it is broken.</summary>
    /// <param name="deadTopic">Where it was found, with the suffix.</param>
    /// <param name="payload">The broker's bytes.</param>
    public static Letter Read(string deadTopic, byte[] payload)
    {
        var topic = deadTopic.EndsWith(DeadLetterTopics.Suffix, StringComparison.Ordinal) ? deadTopic[..^DeadLetterTopics.Suffix.Length] : deadTopic;
        using var envelope = TryParse(payload);
        var id = envelope is null ? null : Text(envelope.RootElement, "id");
        return new Letter(topic, id ?? IdOf(payload), envelope is null ? null : Text(envelope.RootElement, "source"), payload);
    }

    private static string IdOf(byte[] payload) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(payload));

    private static JsonDocument? TryParse(byte[] payload)
    {
        try
        {
            var document = JsonDocument.Parse(payload);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Not JSON: kept as bytes.
        }

        return null;
    }

    /// <summary>Null when it is absent or no text that a database can keep.</summary>
    private static string? Text(JsonElement envelope, string member)
    {
        try
        {
            return envelope.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
                && value.GetString() is { Length: > 0 and <= LongestId } text && !text.Contains('\0', StringComparison.Ordinal)
                ? text
                : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }
}
