using Eco2.Auth.Accounts;
using Eco2.Auth.Auditing;
using Eco2.Auth.Mail;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>A change of the second factor by somebody who shows it: the code is used up, the change made, told and mailed in one transaction.</summary>
internal sealed class TotpChange(NpgsqlDataSource db, Codes codes, Attempts attempts, MailQueue queue, TimeProvider clock)
{
    /// <summary>Null when it is done.</summary>
    /// <param name="user">The caller.</param>
    /// <param name="code">Of the app, or a backup code.</param>
    /// <param name="change">For the audit.</param>
    /// <param name="letter">The mail that tells the owner.</param>
    /// <param name="http">Where the request came from.</param>
    /// <param name="commandsAsync">The change of the account with this id; asked for once the code is right.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<ProblemHttpResult?> ApplyAsync(
        CurrentUser user, string? code, string change, string letter, HttpContext http, Func<Guid, Task<IEnumerable<NpgsqlBatchCommand>>> commandsAsync, CancellationToken ct)
    {
        if (await OwnAccount.FindAsync(db, user, ct) is not { } account)
        {
            return Problems.SessionRequired();
        }

        if (!account.SecondFactor)
        {
            return Problems.SecondFactorOff();
        }

        var now = clock.GetUtcNow();
        var counter = attempts.SecondFactor(account.Id);
        if (await attempts.RefuseProofAsync(counter, account.Id, "second_factor", Caller.Of(http), now, ct) is { } refused)
        {
            return refused;
        }

        if (await codes.MatchAsync(account.Id, code, now, ct) is not { } match)
        {
            await Audit.AddAsync(db, Audit.ProofRefused(account.Id, "second_factor", Caller.Of(http), now), ct);
            return Problems.InvalidCode();
        }

        var commands = await commandsAsync(account.Id);
        await using var work = await db.BeginForUserAsync(account.Id, ct);
        var connection = work.Connection;
        if (!await match.UseAsync(connection, ct))
        {
            await Audit.AddAsync(db, Audit.ProofRefused(account.Id, "second_factor", Caller.Of(http), now), ct);
            return Problems.InvalidCode();
        }

        await using (var batch = connection.CreateBatch())
        {
            foreach (var command in commands)
            {
                batch.BatchCommands.Add(command);
            }

            batch.BatchCommands.Add(Attempts.Forgive(counter));
            batch.BatchCommands.Add(Audit.SecondFactorChanged(account.Id, change, Caller.Of(http), now));
            if (account.Email is { } email)
            {
                batch.BatchCommands.Add(MailQueue.Entry(letter, account.Id, email, Letters.LanguageOf(http), now));
            }

            await batch.ExecuteNonQueryAsync(ct);
        }

        await work.CommitAsync(ct);
        queue.Wake();
        return null;
    }
}
