using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Eco2.Cli.Observe;

/// <summary>How far the consumer groups of some topics are, read in one script: a topic is a stream, an app a group.</summary>
internal sealed class RedisQueues(string address, string password, TimeProvider clock)
{
    // An entry's id begins with the millisecond in which it was added.
    private const string Script = """
        local answer = {}
        for _, topic in ipairs(KEYS) do
          local groups = redis.pcall('XINFO', 'GROUPS', topic)
          for _, pairs_of in ipairs(groups.err and {} or groups) do
            local group = {}
            for i = 1, #pairs_of, 2 do group[pairs_of[i]] = pairs_of[i + 1] end
            local next_one = redis.call('XRANGE', topic, '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]
            local owed = redis.call('XPENDING', topic, group.name)
            answer[#answer + 1] = { topic, group.name, tostring(group.lag or ''), tostring(owed[1]), owed[2] or '', next_one and next_one[1] or '' }
          end
        end
        return cjson.encode(answer)
        """;

    /// <summary>Null when the server is away.</summary>
    public async Task<IReadOnlyList<RedisGroup>?> ReadAsync(IReadOnlyList<string> topics, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            var parts = address.Split(':');
            using var client = new TcpClient();
            await client.ConnectAsync(parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), limit.Token);
            await using var stream = client.GetStream();
            string[] ask = ["EVAL", Script, $"{topics.Count}", .. topics];
            await stream.WriteAsync(Encoding.UTF8.GetBytes(Command("AUTH", password) + Command(ask) + Command("QUIT")), limit.Token);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            // +OK, $length, the text, +OK
            var answer = (await reader.ReadToEndAsync(limit.Token)).Split("\r\n");
            return answer is ["+OK", ['$', ..], var text, ..] && text.StartsWith('[')
                ? [.. JsonElement.Parse(text).EnumerateArray().Select(Read)]
                : [];
        }
        catch (Exception away) when (away is SocketException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private RedisGroup Read(JsonElement group)
    {
        var texts = group.EnumerateArray().Select(part => part.GetString()!).ToArray();
        double[] ids = [.. new[] { texts[4], texts[5] }.Where(id => id != "").Select(id => double.Parse(id.Split('-')[0], System.Globalization.CultureInfo.InvariantCulture))];
        return new RedisGroup(
            texts[0],
            texts[1],
            long.TryParse(texts[2], out var lag) ? lag : null,
            long.Parse(texts[3], System.Globalization.CultureInfo.InvariantCulture),
            ids.Length == 0 ? null : Math.Max(0, clock.GetUtcNow().ToUnixTimeMilliseconds() - ids.Min()));
    }

    private static string Command(params string[] words) =>
        $"*{words.Length}\r\n{string.Concat(words.Select(word => $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n"))}";
}

/// <summary>A group and what it has before it.</summary>
internal sealed record RedisGroup(string Topic, string Name, long? Waiting, long Underway, double? AgeMs);
