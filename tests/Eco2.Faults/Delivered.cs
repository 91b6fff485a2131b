using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Faults;

/// <summary>What was published is delivered or lies in the dead letters: looked up in the database and on the broker, not asked of the system.</summary>
internal static class Delivered
{
    // By ids and not by Redis' own count of what lags: that one is wrong after a restart in the middle of reads.
    // Broadcasts are left out: a reader that was killed never comes back for them, and its clients read the log instead.
    private const string Undelivered =
        """
        local left = {}
        for _, topic in ipairs(redis.call('KEYS', '*')) do
          if redis.call('TYPE', topic).ok == 'stream' and topic ~= 'job.fanout' and topic ~= 'session.revoked' then
            local newest = redis.call('XREVRANGE', topic, '+', '-', 'COUNT', 1)[1]
            for _, group in ipairs(redis.call('XINFO', 'GROUPS', topic)) do
              local of = {}
              for i = 1, #group, 2 do of[group[i]] = group[i + 1] end
              local unread = newest and newest[1] ~= of['last-delivered-id']
              if of['pending'] > 0 or unread then
                left[#left + 1] = topic .. ' for ' .. of['name'] .. ': ' .. of['pending'] .. ' pending' .. (unread and ', more unread' or '')
              end
            end
          end
        end
        return left
        """;

    // Those that a consumer holds count too.
    private const string Unemptied =
        """
        [{binary_to_list(N), M} || Q <- rabbit_amqqueue:list(), [{name, {_, _, _, N}}, {messages, M}] <- [rabbit_amqqueue:info(Q, [name, messages])],
          M > 0, string:find(N, "-job.fanout") =:= nomatch, string:find(N, "-session.revoked") =:= nomatch].
        """;

    private const string Outboxes =
        "select format('select %L || topic from %I.outbox', table_schema || ': ', table_schema) from information_schema.tables where table_name = 'outbox'";

    private const string Untold =
        """
        with granted as (select user_id, character_code as code from character.ownership), shown as (select user_id, code from my.characters)
        select user_id || ' ' || code from ((table granted except table shown) union all (table shown except table granted)) differ
        """;

    private const string Unknown = "select job_id || ' of ' || created_at from scan.scans where status = 'queued'";

    public static async Task CheckAsync(EcoRun run)
    {
        await using var db = NpgsqlDataSource.Create(run.Postgres);
        var outboxes = string.Join(" union all ", await ListAsync(db, Outboxes));
        await NoneAsync(() => ListAsync(db, outboxes), "messages still in an outbox");
        await NoneAsync(() => UndeliveredAsync(run), $"messages in {EcoRun.Broker} that were neither delivered nor given up");
        await NoneAsync(() => ListAsync(db, Unknown), "scans whose end the history does not know");
        await NoneAsync(() => ListAsync(db, Untold), "characters that collections and grants do not agree about");
    }

    private static async Task NoneAsync(Func<Task<List<string>>> look, string what)
    {
        List<string> left = [];
        try
        {
            await Eventually.TrueAsync(async () => (left = await look()).Count == 0, what, TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{left.Count} {what}: {string.Join("; ", left.Take(50))}");
        }
    }

    /// <summary>What lies on the broker undelivered, topic by topic; nothing when all went well.</summary>
    private static async Task<List<string>> UndeliveredAsync(EcoRun run)
    {
        if (EcoRun.Broker == "rabbitmq")
        {
            var queues = await run.AskRabbitMqAsync(Unemptied);
            return queues == "[]" ? [] : [queues];
        }

        var password = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(run.State, "secrets.json"))).GetProperty("Redis").GetString()!;
        var (exit, output) = await EcoRun.RunAsync(
            "redis-cli", "-h", "127.0.0.1", "-p", run.Redis.Split(':')[1], "--no-auth-warning", "-a", password, "EVAL", Undelivered, "0");
        return exit == 0 ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)] : throw new InvalidOperationException(output);
    }

    private static async Task<List<string>> ListAsync(NpgsqlDataSource db, string sql)
    {
        await using var command = db.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
        {
            lines.Add(row.GetString(0));
        }

        return lines;
    }
}
