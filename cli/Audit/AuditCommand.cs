using System.CommandLine;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Npgsql;

namespace Eco2.Cli.Audit;

/// <summary>Shows that nobody changed the audit log.</summary>
internal static class AuditCommand
{
    public static Command Create() => new("audit", "The audit log.") { Verify() };

    private static Command Verify()
    {
        var since = new Option<string?>("--noted") { Description = "An end of the chain as an earlier run printed it (number:hash); it must still be in the chain." };
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var command = new Command("verify", "Walk the audit log's chain of hashes and name the first entry that does not fit. The database is ECO2_POSTGRES, else that of ./eco2 up.") { since, state };
        command.SetAction(async (parse, ct) =>
        {
            var connection = Environment.GetEnvironmentVariable("ECO2_POSTGRES")
                ?? RunRecord.Read(new Workspace(parse.GetValue(state)).RunRecord)?.Postgres
                ?? throw new UserMessageException("Set ECO2_POSTGRES to the connection string of the database's owner, or start the product with ./eco2 up.");
            AuditChain.Head? noted = null;
            if (parse.GetValue(since) is { } text && !AuditChain.Head.TryParse(text, out noted))
            {
                throw new UserMessageException("--noted wants what verify printed: a number, a colon and 64 hexadecimal digits.");
            }

            await using var db = Open(connection);
            AuditChain.Verdict verdict;
            try
            {
                verdict = await AuditChain.VerifyAsync(db, noted, ct);
            }
            catch (NpgsqlException away)
            {
                throw new UserMessageException($"The audit log could not be read: {away.Message}");
            }

            if (verdict.Broken is { } broken)
            {
                throw new UserMessageException($"The chain is broken. First: {broken}.");
            }

            Console.WriteLine($"The chain is whole: {verdict.Head.Seq} entries. It ends at {verdict.Head}");
        });
        return command;
    }

    private static NpgsqlDataSource Open(string connection)
    {
        try
        {
            return NpgsqlDataSource.Create(connection);
        }
        catch (Exception unusable) when (unusable is ArgumentException or FormatException)
        {
            // Without the reason: it may quote the string, which holds a password.
            throw new UserMessageException("ECO2_POSTGRES is no connection string such as Host=localhost;Database=eco2;Username=owner;Password=...", exitCode: 2);
        }
    }
}
