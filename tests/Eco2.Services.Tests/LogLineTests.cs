using System.Text.Json;
using Eco2.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>Whatever is logged is one line of JSON, in which nothing passes for a member, a line or an order to a terminal.</summary>
public sealed class LogLineTests
{
    public static TheoryData<string> Forged =>
    [
        "a\r\n{\"level\":\"critical\",\"message\":\"forged\"}", "a\nforged", "a\rforged", "\u2028forged", "\u0085forged", "\u000Bforged", "\"}\n{\"level\":\"critical", "\",\"level\":\"critical\",\"x\":\"",
        "\u001B[2J\u001B[31mforged", "\u009B2Jforged", "\bforged", "\0forged", "{UserId}{0}", "\uD800 alone", "\\", "\\\"", "${jndi:ldap://127.0.0.1/}", "</script>",
    ];

    [Theory]
    [MemberData(nameof(Forged))]
    public void A_value_a_message_and_an_exception_stay_in_their_place(string forged)
    {
        var written = new StringWriter();
        KeyValuePair<string, object?>[] state = [new("Given", forged), new("UserId", forged), new("Count", 3)];
        var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
            LogLevel.Information, "a.category", default, state, new InvalidOperationException(forged), (values, _) => $"Somebody said {values[0].Value}");

        new JsonLogFormatter(TimeProvider.System).Write(entry, null, written);

        var text = written.ToString();
        Assert.EndsWith(Environment.NewLine, text, StringComparison.Ordinal);
        var line = text[..^Environment.NewLine.Length];
        Assert.DoesNotContain(line, c => char.IsControl(c) || c is '\u2028' or '\u2029');
        var members = JsonElement.Parse(line).EnumerateObject().Select(member => member.Name).ToList();
        Assert.Equal(["timestamp", "level", "logger", "message", "given", "user", "count", "exception"], members);
        Assert.Equal("info", JsonElement.Parse(line).GetProperty("level").GetString());
        Assert.Equal(forged.Replace("\uD800", "\uFFFD", StringComparison.Ordinal), JsonElement.Parse(line).GetProperty("given").GetString());
    }
}
