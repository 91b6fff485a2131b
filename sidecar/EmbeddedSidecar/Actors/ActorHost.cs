using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Actors;

/// <summary>Somebody who hosts actors: a replica of an app, or a stream that an app opened.</summary>
/// <param name="Id">Decides, with an actor's name, which actors it gets.</param>
internal sealed record ActorHost(Guid Id, AppInstance App, IActorTransport Transport, IReadOnlyDictionary<string, ActorTypeOptions> Types)
{
    /// <summary>How much this host is meant for an actor: the one with the most has it. Hosts that come or go move only their own share.</summary>
    public ulong WeightFor(ActorKey actor)
    {
        Span<byte> id = stackalloc byte[16];
        Id.TryWriteBytes(id);
        var hash = 14695981039346656037UL;
        foreach (var b in id)
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        foreach (var c in actor.Type)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        foreach (var c in actor.Id)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        // FNV spreads its last bytes badly over the high bits, which decide the comparison.
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return hash ^ (hash >> 33);
    }

    public bool Equals(ActorHost? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Id.GetHashCode();
}

/// <summary>An actor that is in memory at its host.</summary>
internal sealed class ActiveActor(ActorKey key, ActorHost host) : IDisposable
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _idleAt;
    private int _leaving;

    public ActorKey Key { get; } = key;

    public ActorHost Host { get; } = host;

    public ActorTypeOptions Options { get; } = host.Types[key.Type];

    public ActorTurns Turns { get; } = new(host.Types[key.Type].IsReentrant, host.Types[key.Type].MaxStackDepth);

    /// <summary>False once it is being deactivated; it may write no state then.</summary>
    public bool IsActive { get; private set; } = true;

    /// <summary>Completes when it was deactivated and another host may have it.</summary>
    public Task Gone => _gone.Task;

    /// <summary>When it may be deactivated for want of calls.</summary>
    public DateTimeOffset IdleAt => new(Interlocked.Read(ref _idleAt), TimeSpan.Zero);

    public void Touch(DateTimeOffset now) => Interlocked.Exchange(ref _idleAt, (now + Options.IdleTimeout).UtcTicks);

    /// <summary>True for the one who sees it off.</summary>
    public bool TryLeave() => Interlocked.Exchange(ref _leaving, 1) == 0;

    public void Deactivated() => IsActive = false;

    public void Dispose()
    {
        _gone.TrySetResult();
        Turns.Dispose();
    }
}
