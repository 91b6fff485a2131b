using System.Collections.Concurrent;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Invoke;

/// <summary>Which instances an app id has in this process: the name resolution of the embedded sidecar.</summary>
internal sealed class AppDirectory
{
    private readonly ConcurrentDictionary<string, Entry> _apps = new(StringComparer.Ordinal);

    public void Add(AppInstance app) =>
        _apps.AddOrUpdate(app.AppId, _ => new Entry([app]), (_, entry) => new Entry([.. entry.Instances, app]));

    /// <summary>
    /// The instances to try, in this order: the caller itself when it calls its own id, else the next replica in turn, those whose
    /// app is known to be away last.
    /// </summary>
    /// <exception cref="DaprException">No such app.</exception>
    public AppInstance[] Resolve(AppInstance caller, string name)
    {
        var appId = name;
        if (name.LastIndexOf('.') is var dot and > 0 && name[(dot + 1)..] == caller.Namespace)
        {
            appId = name[..dot];
        }

        if (appId == caller.AppId)
        {
            return [caller];
        }

        if (!_apps.TryGetValue(appId, out var entry))
        {
            throw Failed(name, "no host found with the given ID");
        }

        return entry.InTurn();
    }

    public static DaprException Failed(string appId, string why, Exception? inner = null) =>
        new("ERR_DIRECT_INVOKE", 500, StatusCode.Internal, $"failed to invoke, id: {appId}, err: {why}", inner);

    private sealed class Entry(AppInstance[] instances)
    {
        private uint _turn;

        public AppInstance[] Instances { get; } = instances;

        public AppInstance[] InTurn()
        {
            if (Instances.Length == 1)
            {
                return Instances;
            }

            var first = Interlocked.Increment(ref _turn);
            var ordered = new AppInstance[Instances.Length];
            for (var i = 0; i < ordered.Length; i++)
            {
                ordered[i] = Instances[(first + i) % ordered.Length];
            }

            return [.. ordered.OrderBy(app => app.IsReachable ? 0 : 1)];
        }
    }
}
