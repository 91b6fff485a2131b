using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;

namespace Eco2.Edge.Callers;

/// <summary>Every replica hears of a session that ended.</summary>
internal sealed class OnSessionRevoked
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/session-revoked", Handle);

    private static EventAnswer Handle(Event<SessionRevoked> message, RevokedSessions revoked)
    {
        revoked.Add(message.Data);
        return EventAnswer.Success;
    }
}
