using System.Collections.Concurrent;
using Eco2.Contracts.Auth;

namespace Eco2.Edge.Callers;

/// <summary>Sessions that ended before their tokens did, until the last of those has expired.</summary>
internal sealed class RevokedSessions(TimeProvider clock)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> forgetAfter = [];

    /// <summary>False until auth was asked once: before that an ended session could pass.</summary>
    public bool AreKnown { get; private set; }

    public bool Contains(Guid session) => forgetAfter.ContainsKey(session);

    public void Add(SessionRevoked session) => forgetAfter[session.SessionId] = session.ForgetAfter;

    public void Synchronise(IEnumerable<SessionRevoked> all)
    {
        foreach (var session in all)
        {
            Add(session);
        }

        var now = clock.GetUtcNow();
        foreach (var (session, until) in forgetAfter)
        {
            if (until < now)
            {
                forgetAfter.TryRemove(session, out _);
            }
        }

        AreKnown = true;
    }
}
