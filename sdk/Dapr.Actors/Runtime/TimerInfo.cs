#nullable disable
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dapr.Actors.Runtime;

/// <summary>A timer as it goes over the wire.</summary>
[Obsolete("A detail of the SDK.")]
[JsonConverter(typeof(TimerInfoJson))]
public class TimerInfo
{
    internal TimerInfo(string callback, byte[] data, TimeSpan dueTime, TimeSpan period, TimeSpan? ttl)
    {
        Callback = callback;
        Data = data;
        DueTime = dueTime;
        Period = period;
        Ttl = ttl;
    }

    internal string Callback { get; }

    internal byte[] Data { get; }

    internal TimeSpan DueTime { get; }

    internal TimeSpan Period { get; }

    internal TimeSpan? Ttl { get; }
}

#pragma warning disable CS0618 // Reads and writes the obsolete type.
internal sealed class TimerInfoJson : JsonConverter<TimerInfo>
{
    public override TimerInfo Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return Read(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, TimerInfo value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("dueTime", Durations.Write(value.DueTime));
        if (value.Period >= TimeSpan.Zero)
        {
            writer.WriteString("period", Durations.Write(value.Period));
        }

        if (value.Data is not null)
        {
            // As text, so that the plus sign is escaped as the official package does.
            writer.WriteString("data", Convert.ToBase64String(value.Data));
        }

        if (value.Callback is not null)
        {
            writer.WriteString("callback", value.Callback);
        }

        if (value.Ttl is not null)
        {
            writer.WriteString("ttl", Durations.Write(value.Ttl));
        }

        writer.WriteEndObject();
    }

    internal static TimerInfo Read(JsonElement timer) => new(
        Text(timer, "callback") ?? "",
        Bytes(timer),
        Time(timer, "dueTime"),
        Time(timer, "period"),
        Text(timer, "ttl") is { } ttl ? Durations.Parse(ttl) : null);

    // What is empty never comes; what is not there is at once.
    internal static TimeSpan Time(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? Durations.Parse(value.GetString()) : TimeSpan.Zero;

    internal static string Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value.GetString() : null;

    internal static byte[] Bytes(JsonElement item) =>
        item.TryGetProperty("data", out var data) && data.ValueKind != JsonValueKind.Null ? data.GetBytesFromBase64() : [];
}
#pragma warning restore CS0618
