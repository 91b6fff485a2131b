using System.Security.Cryptography;
using System.Text;

namespace EmbeddedSidecar.State;

/// <summary>
/// What runs inside Redis. A key is a hash: data, version (the ETag, counted up at each write) and, once it was written with
/// first-write, a mark that refuses later writes without ETag. Same layout and same outcomes as Dapr, so that both can share a server.
/// </summary>
internal static class RedisStateScripts
{
    /// <summary>KEYS[1]; ARGV: expected version or 0, data, 1 to guard the key, ttl in seconds ("" = leave, below 1 = remove).</summary>
    public static readonly Script Set = new(
        """
        local version = redis.pcall('HGET', KEYS[1], 'version')
        if type(version) == 'table' then
          redis.call('DEL', KEYS[1])
          version = false
        end
        if version and version ~= '' and version ~= ARGV[1] then
          if ARGV[1] ~= '0' or redis.call('HEXISTS', KEYS[1], 'first-write') == 1 then
            return redis.error_reply('ETAG ' .. KEYS[1])
          end
        end
        redis.call('HSET', KEYS[1], 'data', ARGV[2])
        if ARGV[3] == '1' then
          redis.call('HSET', KEYS[1], 'first-write', 0)
        end
        local now = redis.call('HINCRBY', KEYS[1], 'version', 1)
        if ARGV[4] ~= '' then
          if tonumber(ARGV[4]) > 0 then
            redis.call('EXPIRE', KEYS[1], ARGV[4])
          else
            redis.call('PERSIST', KEYS[1])
          end
        end
        return now
        """);

    /// <summary>KEYS[1]; ARGV: expected version or 0.</summary>
    public static readonly Script Delete = new(
        """
        local version = redis.pcall('HGET', KEYS[1], 'version')
        if type(version) ~= 'string' or version == '' or version == ARGV[1] or ARGV[1] == '0' then
          return redis.call('DEL', KEYS[1])
        end
        return redis.error_reply('ETAG ' .. KEYS[1])
        """);

    /// <summary>
    /// All or nothing. KEYS: one per operation; ARGV: four per operation: s or d, expected version or "" for no condition, data, ttl.
    /// Unlike MULTI, the first wrong version leaves everything as it was. Returns the version the first key has now, 0 when deleted.
    /// </summary>
    public static readonly Script Atomic = new(
        """
        for i, key in ipairs(KEYS) do
          local expected = ARGV[i * 4 - 2]
          if expected ~= '' and redis.call('HGET', key, 'version') ~= expected then
            return redis.error_reply('ETAG ' .. key)
          end
        end
        local first = 0
        for i, key in ipairs(KEYS) do
          if ARGV[i * 4 - 3] == 'd' then
            redis.call('DEL', key)
          else
            redis.call('HSET', key, 'data', ARGV[i * 4 - 1])
            local now = redis.call('HINCRBY', key, 'version', 1)
            if i == 1 then
              first = now
            end
            local ttl = ARGV[i * 4]
            if ttl ~= '' then
              if tonumber(ttl) > 0 then
                redis.call('EXPIRE', key, ttl)
              else
                redis.call('PERSIST', key)
              end
            end
          end
        end
        return first
        """);

    public static IReadOnlyList<Script> All { get; } = [Set, Delete, Atomic];

    /// <summary>A script and the name Redis gives it.</summary>
    public sealed class Script(string text)
    {
        public string Text { get; } = text;

#pragma warning disable CA5350 // Redis names scripts by their SHA-1.
        public string Hash { get; } = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350
    }
}
