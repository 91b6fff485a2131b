using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>Line breaks, orders to a terminal and whole lines of log in everything a user can write: the logs of the apps stay what the apps said.</summary>
[Collection(UnderAttack.Name)]
public sealed class LogForgingTests(AttackedSystem attacked)
{
    private const string Mark = "forged-by-a-user";
    private const string Line = "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"critical\",\"logger\":\"" + Mark + "\",\"message\":\"" + Mark + "\"}";
    // The scheduler of Dapr holds an etcd, which has a word of its own.
    private const string EtcdWarning = "warn";

    private static readonly string[] Levels = ["trace", "debug", "info", "warning", "error", "critical"];

    private static readonly string[] Texts = [$"a\r\n{Line}\r\n", $"a\n{Line}\n", $"a\r{Line}\r", $"a\u2028{Line}\u2028", $"a\u0085{Line}\u0085", $"\u001B[2J\u001B[1;31m{Mark}", $"\u009B2J{Mark}", $"\",\"level\":\"critical\",\"logger\":\"{Mark}", $"a\0{Mark}\b\b\b"];

    [Fact]
    public async Task What_a_user_writes_begins_no_line_and_no_member()
    {
        using var user = await User.SignUpAsync(attacked.System);
        foreach (var text in Texts)
        {
            foreach (var operation in ApiDocument.Operations.Where(one => one.Path is not ("/api/v1/auth/logout-all" or "/api/v1/auth/logout" or "/api/v1/users/me") && one.Method is "POST" or "PUT" or "PATCH"))
            {
                if (operation.Body is JsonObject sample)
                {
                    await AskAsync(user, operation, text, new JsonObject(sample.Select(member => KeyValuePair.Create<string, JsonNode?>(member.Key, member.Value?.GetValueKind() == JsonValueKind.Array ? new JsonArray(text) : text))));
                }
            }

            await AskAsync(user, new Operation("/api/v1/auth/sign-in", "POST", NeedsSignIn: false, [], null, TakesPicture: false), text, new JsonObject { ["email"] = user.Email, ["password"] = text });
            foreach (var operation in ApiDocument.Operations.Where(one => one.Method == "GET"))
            {
                await AskAsync(user, operation, text, null);
            }
        }

        await RawAsync();
        var job = await user.SubmitAsync(Texts[0]);
        Assert.Equal("done", (await user.EventsAsync(job.StreamUrl))[^1].Stage);

        // A job takes longer than the way of a line to its file.
        var folder = Path.Combine(attacked.System.State, "logs");
        string[] apps = [.. attacked.System.Processes.Where(name => File.Exists(Path.Combine(folder, name + ".log")) && name is not ("postgres" or "redis" or "rabbitmq"))];
        Assert.True(apps.Length > 8, string.Join(' ', apps));
        var read = 0;
        foreach (var app in apps)
        {
            foreach (var line in ReadShared(Path.Combine(folder, app + ".log")).Split('\n'))
            {
                read++;
                Assert.DoesNotContain(line.TrimEnd('\r'), c => (char.IsControl(c) && c != '\t') || c is '\u2028' or '\u2029');
                if (line.StartsWith('{'))
                {
                    var members = JsonElement.Parse(line).EnumerateObject().ToList();
                    Assert.Equal(members.Count, members.Select(member => member.Name).Distinct().Count());
                    Assert.DoesNotContain(members, member => member.Name == "logger" && member.Value.GetString() == Mark);
                    Assert.All(members.Where(member => member.Name == "level"), level => Assert.Contains(level.Value.GetString(), app == "scheduler" ? [.. Levels, EtcdWarning] : Levels));
                }
                else
                {
                    Assert.DoesNotContain(Mark, line, StringComparison.Ordinal);
                }
            }
        }

        Assert.True(read > 100, $"{read}");
    }

    private static async Task AskAsync(User user, Operation operation, string text, JsonObject? body)
    {
        var name = Uri.EscapeDataString(text);
        var path = string.Join('/', operation.Path.Split('/').Select(segment => segment.StartsWith("{channel", StringComparison.Ordinal) ? "scan" : segment.StartsWith('{') ? "x" : segment));
        path += operation.Query.Count == 0 ? $"?x={name}" : "?" + string.Join('&', operation.Query.Select(parameter => $"{parameter}={name}"));
        using var request = new HttpRequestMessage(new HttpMethod(operation.Method), path) { Content = body is null ? null : JsonContent.Create(body) };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        using var answer = await user.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.True((int)answer.StatusCode < 500, $"{operation.Name}: {answer.StatusCode}");
    }

    /// <summary>Headers, cookies, tokens and paths with bytes that no client library sends.</summary>
    private async Task RawAsync()
    {
        foreach (var bytes in (string[])["\u001B[2J" + Mark, "\u0085" + Line, "\u009B2J" + Mark, Line, Mark + "\t\v\f", "%0d%0a" + Uri.EscapeDataString(Line)])
        {
            foreach (var header in (string[])["User-Agent", "Idempotency-Key", "Last-Event-ID", "Cookie", "Authorization", "X-API-Key", "Accept-Language", "X-Forwarded-For", "traceparent", "tracestate", "Origin", "X-Frontend-Origin", "If-Match", "Content-Type"])
            {
                var value = header switch { "Cookie" => $"s_access={bytes}; s_refresh={bytes}", "Authorization" => $"Bearer {bytes}", _ => bytes };
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
                var answer = await RawHttp.SendAsync(
                    attacked.System.Url, Encoding.Latin1.GetBytes($"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: {attacked.System.Url.Authority}\r\n{header}: {value}\r\nX-Requested-With: eco2\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"), ends: false, limit.Token);
                Assert.True(answer.Status < 500, $"{header}: {answer.Status}");
            }

            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(45));
            await RawHttp.SendAsync(attacked.System.Url, Encoding.Latin1.GetBytes($"GET /api/v1/{bytes.Replace(' ', '+')} HTTP/1.1\r\nHost: {Mark}\r\nConnection: close\r\n\r\n"), ends: false, deadline.Token);
        }
    }

    private static string ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        // The last line may still be on its way.
        return text[..(text.LastIndexOf('\n') + 1)];
    }
}
