using System.Globalization;
using System.Text.Json;

namespace Dapr.Actors.Runtime;

/// <summary>What happens to a state when the call is saved.</summary>
internal enum StateChange
{
    None,
    Add,
    Update,
    Remove,
}

/// <summary>A state that a call has read or changed.</summary>
internal sealed class TrackedState
{
    public object? Value { get; init; }

    /// <summary>The type it is written as.</summary>
    public Type Type { get; init; } = typeof(object);

    public DateTimeOffset? Expires { get; init; }

    public StateChange Change { get; set; }

    public bool IsGone(DateTimeOffset now) => Change == StateChange.Remove || Expires <= now;
}

/// <summary>Changes as the sidecar takes them: an array that is done whole or not at all.</summary>
internal static class StateOperations
{
    public static byte[] Write(IEnumerable<KeyValuePair<string, TrackedState>> changes, JsonSerializerOptions options, DateTimeOffset now)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var (name, state) in changes)
            {
                writer.WriteStartObject();
                writer.WriteString("operation", state.Change == StateChange.Remove ? "delete" : "upsert");
                writer.WriteStartObject("request");
                writer.WriteString("key", name);
                if (state.Change != StateChange.Remove)
                {
                    writer.WritePropertyName("value");
                    JsonSerializer.Serialize(writer, state.Value, state.Type, options);
                    if (state.Expires is { } expires)
                    {
                        writer.WriteStartObject("metadata");
                        writer.WriteString("ttlInSeconds", ((int)Math.Ceiling((expires - now).TotalSeconds)).ToString(CultureInfo.InvariantCulture));
                        writer.WriteEndObject();
                    }
                }

                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return stream.ToArray();
    }
}
