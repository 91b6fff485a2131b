namespace EmbeddedSidecar.Actors;

/// <summary>
/// The turns of one actor: one chain of calls at a time, in the order they came. With reentrancy, calls that carry the id of a chain
/// belong to it and go in beside the call that made them.
/// </summary>
internal sealed class ActorTurns(bool reentrant, int maxStackDepth) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Chain> _chains = new();
    private readonly CancellationTokenSource _broken = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _closed;

    /// <summary>Waits for the turn. Null: the actor is leaving and takes no more calls but those of the chain under way.</summary>
    /// <param name="id">The chain this call belongs to; unique for a call that begins one.</param>
    /// <exception cref="Api.DaprException">Too many calls of this chain are under way.</exception>
    public async ValueTask<Turn?> EnterAsync(string id, CancellationToken ct)
    {
        Chain chain;
        lock (_gate)
        {
            if (Find(id) is { } found)
            {
                chain = found;
                if (chain.Depth >= maxStackDepth)
                {
                    throw ActorErrors.StackDepth();
                }

                chain.Depth++;
            }
            else if (_closed)
            {
                return null;
            }
            else
            {
                chain = new Chain(id);
                _chains.AddLast(chain);
                if (_chains.Count == 1)
                {
                    chain.Started.SetResult(true);
                }
            }
        }

        try
        {
            return await chain.Started.Task.WaitAsync(ct) ? new Turn(this, chain, _broken.Token) : null;
        }
        catch
        {
            Leave(chain);
            throw;
        }
    }

    /// <summary>Takes no new chains; those that wait are turned away.</summary>
    /// <returns>Completes when the chain under way is over.</returns>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            while (_chains.Count > 1)
            {
                _chains.Last!.Value.Started.SetResult(false);
                _chains.RemoveLast();
            }

            if (_chains.Count == 0)
            {
                _over.TrySetResult();
            }

            return _over.Task;
        }
    }

    /// <summary>Closes when nothing is under way.</summary>
    public bool TryCloseIfIdle()
    {
        lock (_gate)
        {
            _closed |= _chains.Count == 0;
            return _chains.Count == 0;
        }
    }

    /// <summary>Breaks off what is under way.</summary>
    public void Break() => _broken.Cancel();

    public void Dispose() => _broken.Dispose();

    private Chain? Find(string id)
    {
        if (!reentrant)
        {
            return null;
        }

        for (var node = _chains.First; node is not null; node = node.Next)
        {
            if (node.Value.Id == id)
            {
                return node.Value;
            }
        }

        return null;
    }

    private void Leave(Chain chain)
    {
        lock (_gate)
        {
            if (--chain.Depth > 0)
            {
                return;
            }

            var wasFirst = _chains.First?.Value == chain;
            _chains.Remove(chain);
            if (wasFirst)
            {
                _chains.First?.Value.Started.SetResult(true);
            }

            if (_closed && _chains.Count == 0)
            {
                _over.TrySetResult();
            }
        }
    }

    internal sealed class Chain(string id)
    {
        public string Id { get; } = id;

        public int Depth { get; set; } = 1;

        public TaskCompletionSource<bool> Started { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Held while a call runs.</summary>
    internal sealed class Turn(ActorTurns turns, Chain chain, CancellationToken broken) : IDisposable
    {
        public string ChainId => chain.Id;

        /// <summary>Ends when the actor leaves in the middle of the call.</summary>
        public CancellationToken Broken { get; } = broken;

        public void Dispose() => turns.Leave(chain);
    }
}
