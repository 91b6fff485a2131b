using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Eco2.Testing;

/// <summary>components/redis on a Redis of its own.</summary>
internal sealed class RedisTarget(RedisServer server) : TestTarget("redis")
{
    public override IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["ECO2_REDIS_HOST"] = server.Host, ["ECO2_REDIS_PASSWORD"] = "" };

    public override async Task<int> TtlAsync(string key) => int.Parse((await AskAsync($"TTL jobs||{key}"))[0].TrimStart(':'), CultureInfo.InvariantCulture);

    public override async Task<int?> WritesAsync(string prefix, string key) => int.Parse((await AskAsync($"HGET {prefix}||{key} version"))[1], CultureInfo.InvariantCulture);

    public override async Task<int> CountAsync(string text)
    {
        // Values are hashes of the data and its version, as strings.
        const string Script = "local n=0 for _,k in ipairs(redis.call('KEYS','*')) do local t=redis.call('TYPE',k).ok local v='' "
            + "if t=='hash' then v=table.concat(redis.call('HVALS',k),' ') elseif t=='string' then v=redis.call('GET',k) end "
            + "if string.find(k..' '..v,ARGV[1],1,true) then n=n+1 end end return n";
        return int.Parse((await AskAsync($"EVAL \"{Script}\" 0 {text}"))[0].TrimStart(':'), CultureInfo.InvariantCulture);
    }

    public override Task CutStateAsync() => server.StopAsync();

    public override Task RestoreStateAsync() => server.RestartAsync();

    public override ValueTask DisposeAsync() => server.DisposeAsync();

    /// <summary>The lines of an answer, of which no command here has more than two.</summary>
    private async Task<string[]> AskAsync(string command)
    {
        using var connection = new TcpClient("127.0.0.1", server.Port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var first = (await reader.ReadLineAsync())!;
        return first.StartsWith('$') && first != "$-1" ? [first, (await reader.ReadLineAsync())!] : [first];
    }
}
