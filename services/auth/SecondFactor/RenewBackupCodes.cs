using Eco2.Auth.Mail;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Ten new backup codes, for a code; the old ones are void.</summary>
internal sealed class RenewBackupCodes
{
    public sealed record Request(string? Code);

    public sealed record Renewed(IReadOnlyList<string> BackupCodes);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/totp/backup-codes", Handle).WithName("RenewBackupCodes").WithSummary("Makes ten new backup codes; the old ones are void.");

    private static async Task<Results<Ok<Renewed>, ProblemHttpResult>> Handle(
        Request request, CurrentUser user, HttpContext http, BackupCodes backup, TotpChange change, CancellationToken ct)
    {
        IReadOnlyList<string> codes = [];
        return await change.ApplyAsync(user, request.Code, "backup_codes", Letters.BackupCodesRenewed, http, CommandsAsync, ct) is { } refused
            ? refused
            : TypedResults.Ok(new Renewed(codes));

        async Task<IEnumerable<NpgsqlBatchCommand>> CommandsAsync(Guid accountId)
        {
            var set = await backup.MakeAsync(ct);
            codes = set.Codes;
            return BackupCodes.Replace(accountId, set);
        }
    }
}
