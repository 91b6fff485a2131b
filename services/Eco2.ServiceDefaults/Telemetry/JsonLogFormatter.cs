using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Eco2.ServiceDefaults.Telemetry;

/// <summary>One line of JSON for each record: timestamp, level, logger, message, trace_id, span_id, and what the message names in snake_case (job_id,
/// duration_ms …). A user's id stands there as a hash only, in the message as well.</summary>
public sealed class JsonLogFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    /// <summary>Its name among the console's formatters.</summary>
    public const string FormatterName = "eco2";

    private const string UserId = "UserId";
    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Format))
        {
            json.WriteStartObject();
            json.WriteString("timestamp"u8, clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level"u8, LevelOf(logEntry.LogLevel));
            json.WriteString("logger"u8, logEntry.Category);
            var values = logEntry.State as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
            json.WriteString("message"u8, Message(logEntry.Formatter(logEntry.State, logEntry.Exception), values));
            if (Activity.Current is { } activity)
            {
                json.WriteString("trace_id"u8, activity.TraceId.ToHexString());
                json.WriteString("span_id"u8, activity.SpanId.ToHexString());
            }

            foreach (var (name, value) in values)
            {
                if (name != "{OriginalFormat}" && value is not null)
                {
                    Write(json, name, value);
                }
            }

            if (logEntry.Exception is { } exception)
            {
                json.WriteString("exception"u8, exception.ToString());
            }

            json.WriteEndObject();
        }

        textWriter.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>Sixteen hex digits that are the same for the same user everywhere, and from which nobody reads the id.</summary>
    internal static string Hash(string userId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("eco2 user " + userId)).AsSpan(0, 8));

    private static string Message(string message, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        foreach (var (name, value) in values)
        {
            if (name == UserId && value?.ToString() is { Length: > 0 } userId)
            {
                message = message.Replace(userId, Hash(userId), StringComparison.Ordinal);
            }
        }

        return message;
    }

    private static void Write(Utf8JsonWriter json, string name, object value)
    {
        if (name == UserId)
        {
            json.WriteString("user"u8, Hash(value.ToString() ?? ""));
            return;
        }

        json.WritePropertyName(JsonNamingPolicy.SnakeCaseLower.ConvertName(name));
        switch (value)
        {
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int or long or short or byte:
                json.WriteNumberValue(Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };
}
