using Eco2.Auth.Sessions;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Auditing;

/// <summary>Other apps tell what belongs into the audit; each event is one entry, however often it comes.</summary>
internal sealed class OnAuditTold
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/events/audit-told", Handle);

    private static async Task<EventAnswer> Handle(Event<AuditTold> message, NpgsqlDataSource db, CancellationToken ct)
    {
        var told = message.Data;
        if (told.EventId == Guid.Empty || told.ActorId == Guid.Empty || told.Subject is not { Length: > 0 and <= 128 } || told.Action is { Length: > 64 })
        {
            throw new PoisonMessageException("event_id, actor_id or subject is missing or too long");
        }

        var entry = told switch
        {
            { Kind: "admin_acted", Action: { } action } => Audit.AdminActed(told.EventId, told.ActorId, action, told.Subject, told.At),
            { Kind: "export_requested" or "export_fetched" or "deletion_requested" } when Guid.TryParseExact(told.Subject, "D", out var request) =>
                Audit.Privacy(told.EventId, told.Kind, told.ActorId, request, new Caller(null, null), told.At),
            _ => throw new PoisonMessageException("this is no kind of entry that others may add"),
        };
        await Audit.AddAsync(db, entry, ct);
        return EventAnswer.Success;
    }
}
