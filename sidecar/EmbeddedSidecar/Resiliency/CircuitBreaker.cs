namespace EmbeddedSidecar.Resiliency;

/// <summary>What a trip expression may ask about the calls since the breaker last changed or was cleared.</summary>
internal readonly record struct BreakerCounts(long Requests, long TotalSuccesses, long TotalFailures, long ConsecutiveSuccesses, long ConsecutiveFailures);

/// <summary>Closed: calls pass and are counted. Open: calls are refused for a time. Half open: a few may try; their luck decides.</summary>
internal sealed class CircuitBreaker(int maxRequests, TimeSpan interval, TimeSpan timeout, Func<BreakerCounts, bool> trips, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private State _state = State.Closed;
    private BreakerCounts _counts;
    private long _since = clock.GetTimestamp();

    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    public bool IsOpen
    {
        get
        {
            lock (_gate)
            {
                return _state == State.Open && clock.GetElapsedTime(_since) < timeout;
            }
        }
    }

    /// <summary>closed, half-open or open, as daprd says it.</summary>
    public string StateName
    {
        get
        {
            lock (_gate)
            {
                return _state switch { State.Closed => "closed", State.Open => "open", _ => "half-open" };
            }
        }
    }

    /// <exception cref="CircuitOpenException">No call now.</exception>
    public void Enter()
    {
        lock (_gate)
        {
            if (_state == State.Closed && interval > TimeSpan.Zero && clock.GetElapsedTime(_since) >= interval)
            {
                Become(State.Closed);
            }
            else if (_state == State.Open && clock.GetElapsedTime(_since) >= timeout)
            {
                Become(State.HalfOpen);
            }

            if (_state == State.Open || (_state == State.HalfOpen && _counts.Requests >= maxRequests))
            {
                throw new CircuitOpenException();
            }

            _counts = _counts with { Requests = _counts.Requests + 1 };
        }
    }

    public void Leave(bool success)
    {
        lock (_gate)
        {
            _counts = success
                ? _counts with { TotalSuccesses = _counts.TotalSuccesses + 1, ConsecutiveSuccesses = _counts.ConsecutiveSuccesses + 1, ConsecutiveFailures = 0 }
                : _counts with { TotalFailures = _counts.TotalFailures + 1, ConsecutiveFailures = _counts.ConsecutiveFailures + 1, ConsecutiveSuccesses = 0 };
            if (_state == State.HalfOpen)
            {
                if (!success)
                {
                    Become(State.Open);
                }
                else if (_counts.ConsecutiveSuccesses >= maxRequests)
                {
                    Become(State.Closed);
                }
            }
            else if (_state == State.Closed && !success && trips(_counts))
            {
                Become(State.Open);
            }
        }
    }

    /// <summary>The call was cancelled: it neither succeeded nor failed.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _counts = _counts with { Requests = Math.Max(0, _counts.Requests - 1) };
        }
    }

    private void Become(State state)
    {
        _state = state;
        _counts = default;
        _since = clock.GetTimestamp();
    }
}
