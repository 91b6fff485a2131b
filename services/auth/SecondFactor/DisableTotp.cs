using Eco2.Auth.Mail;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Turns the second factor off, for a code of it.</summary>
internal sealed class DisableTotp
{
    public sealed record Request(string? Code);

    private const string TurnOff = "update accounts set totp_secret = null, totp_pending = null, totp_on_at = null, backup_salt = null where id = $1";
    private const string Unprove = "update sessions set second_factor_at = null where account_id = $1";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapDelete("/totp", Handle).WithName("RemoveSecondFactor").WithSummary("Turns the second factor off.");

    private static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        [FromBody] Request request, CurrentUser user, HttpContext http, TotpChange change, CancellationToken ct)
    {
        return await change.ApplyAsync(user, request.Code, "off", Letters.SecondFactorOff, http, Commands, ct) is { } refused ? refused : TypedResults.NoContent();

        static Task<IEnumerable<NpgsqlBatchCommand>> Commands(Guid accountId) => Task.FromResult<IEnumerable<NpgsqlBatchCommand>>(
        [
            new NpgsqlBatchCommand(TurnOff).With(accountId),
            new NpgsqlBatchCommand(Unprove).With(accountId),
            BackupCodes.Remove(accountId),
            Challenges.VoidAll(accountId),
        ]);
    }
}
