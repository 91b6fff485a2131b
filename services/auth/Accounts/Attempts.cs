using System.Security.Cryptography;
using System.Text;
using Eco2.Auth.Auditing;
using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Accounts;

/// <summary>Bounds guessing. An attempt is counted before the secret is looked at, so that guesses sent at the same moment count too;
/// success forgives them. An account is counted as a whole as well, against guessing from many addresses, but not for addresses that it
/// signed in from before: strangers cannot make its owner wait.</summary>
internal sealed class Attempts(NpgsqlDataSource db, IOptions<AuthOptions> options)
{
    // No row comes back while the key is blocked. Back-off doubles with each failure above the free ones.
    private const string Count =
        """
        insert into sign_in_attempts as a (key, failures, last_at) values ($1, 1, $2)
        on conflict (key) do update set
          failures = case when a.last_at < $2 - $4::interval then 1 else a.failures + 1 end,
          last_at = $2,
          blocked_until = case when a.last_at < $2 - $4::interval or a.failures + 1 < $3 then null
            else $2 + least($4::interval, make_interval(secs => power(2, least(a.failures + 1 - $3, 20)))) end
        where a.blocked_until is null or a.blocked_until <= $2
        returning failures
        """;

    private const string Blocked = "select blocked_until from sign_in_attempts where key = $1";
    private const string Remove = "delete from sign_in_attempts where key = any($1)";

    private const string Find = "select id from accounts where email = normalize($1) and deleted_at is null";

    private const string Known =
        "select exists (select from known_addresses k join accounts a on a.id = k.account_id where a.email = normalize($1) and k.address = $2)";

    private const string Remember =
        """
        insert into known_addresses (account_id, address, last_at) values ($1, $2, $3)
        on conflict (account_id, address) do update set last_at = excluded.last_at
        """;

    private const string ForgetOthers = "delete from known_addresses where account_id = $1 and address is distinct from $2";

    /// <summary>Something that is counted.</summary>
    /// <param name="Key">A hash, so that what was typed is not kept.</param>
    /// <param name="Free">Attempts before back-off begins.</param>
    public sealed record Counter(byte[] Key, int Free);

    /// <summary>Codes of the second factor, over all challenges of the account: only who knows the password gets here.</summary>
    public Counter SecondFactor(Guid accountId) => new(Hash($"second factor\n{accountId:D}"), options.Value.FreeAttempts);

    /// <summary>The current password, asked again of somebody who is signed in.</summary>
    public Counter CurrentPassword(Guid accountId) => new(Hash($"current password\n{accountId:D}"), options.Value.FreeAttempts);

    /// <summary>Links that are not valid, per address.</summary>
    public Counter Links(string? address) => new(Hash($"link\n{address}"), options.Value.FreeAttempts * 10);

    /// <summary>Requests for mails, per address that asks.</summary>
    public Counter MailRequests(string? address) => new(Hash($"mail request\n{address}"), options.Value.FreeAttempts * 10);

    /// <summary>Mails to one mailbox: five, then fewer and fewer.</summary>
    public static Counter Mails(string email) => new(Hash($"mail\n{email}"), 5);

    /// <summary>A sign-in with a password. Null when the attempt may go on, else the refusal, which is in the audit.</summary>
    public async Task<ProblemHttpResult?> RefuseSignInAsync(string email, Caller caller, DateTimeOffset now, CancellationToken ct)
    {
        var (here, everywhere) = (Here(email, caller.Address), Everywhere(email));
        if (await UntilAsync(here, now, ct) is { } hereUntil)
        {
            return await TellAsync(here, hereUntil, await FindAsync(email, ct), "password", caller, now, ct);
        }

        return !await IsKnownAsync(email, caller.Address, ct) && await UntilAsync(everywhere, now, ct) is { } until
            ? await TellAsync(everywhere, until, await FindAsync(email, ct), "password", caller, now, ct)
            : null;
    }

    /// <summary>The same for another proof of who somebody is.</summary>
    /// <param name="counter">What is counted.</param>
    /// <param name="accountId">Whose proof.</param>
    /// <param name="proof">password or second_factor.</param>
    /// <param name="caller">Who tries.</param>
    /// <param name="now">When.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<ProblemHttpResult?> RefuseProofAsync(Counter counter, Guid accountId, string proof, Caller caller, DateTimeOffset now, CancellationToken ct) =>
        await UntilAsync(counter, now, ct) is { } until ? await TellAsync(counter, until, accountId, proof, caller, now, ct) : null;

    /// <summary>Null when the attempt may go on, else how long to wait.</summary>
    public async Task<TimeSpan?> CountAsync(Counter counter, DateTimeOffset now, CancellationToken ct) =>
        await UntilAsync(counter, now, ct) is { } until ? Wait(until, now) : null;

    private static TimeSpan Wait(DateTimeOffset until, DateTimeOffset now) => until > now ? until - now : TimeSpan.FromSeconds(1);

    // Once for each time that the counter is blocked, however often somebody knocks meanwhile: before each there was a failure that counted.
    private async Task<ProblemHttpResult> TellAsync(Counter counter, DateTimeOffset until, Guid? accountId, string proof, Caller caller, DateTimeOffset now, CancellationToken ct)
    {
        await Audit.AddAsync(db, Audit.LockedOut(accountId, proof, counter.Key, until, caller, now), ct);
        return Problems.TooManyAttempts(Wait(until, now));
    }

    private async Task<Guid?> FindAsync(string email, CancellationToken ct)
    {
        await using var found = await db.QueryForSystemAsync(SystemScope.SignIn, Find, [email], ct);
        return await found.ReadAsync(ct) ? found.GetGuid(0) : null;
    }

    private async Task<DateTimeOffset?> UntilAsync(Counter counter, DateTimeOffset now, CancellationToken ct)
    {
        await using var count = db.CreateCommand(Count).With(counter.Key, now, counter.Free, options.Value.LongestBackOff);
        if (await count.ExecuteScalarAsync(ct) is not null)
        {
            return null;
        }

        await using var blocked = db.CreateCommand(Blocked).With(counter.Key);
        return await blocked.ExecuteScalarAsync(ct) is DateTime time ? new DateTimeOffset(time) : now;
    }

    /// <summary>Forgets the failures of this account, in the batch that signs it in.</summary>
    public NpgsqlBatchCommand Forgive(string email, string? address) => Forgive(Here(email, address), Everywhere(email));

    public static NpgsqlBatchCommand Forgive(params Counter[] counters) =>
        new NpgsqlBatchCommand(Remove).With((object)counters.Select(counter => counter.Key).ToArray());

    /// <summary>The owner was here: guessing elsewhere does not block this address.</summary>
    public static NpgsqlBatchCommand RememberAddress(Guid accountId, string address, DateTimeOffset now) =>
        new NpgsqlBatchCommand(Remember).With(accountId, address, now);

    /// <summary>After a reset only the address that did it is known.</summary>
    public static NpgsqlBatchCommand ForgetOtherAddresses(Guid accountId, string? address) =>
        new NpgsqlBatchCommand(ForgetOthers).With(accountId, address ?? "");

    private async Task<bool> IsKnownAsync(string email, string? address, CancellationToken ct)
    {
        await using var known = await db.QueryForSystemAsync(SystemScope.SignIn, Known, [email, address ?? ""], ct);
        return await known.ReadAsync(ct) && known.GetBoolean(0);
    }

    private Counter Here(string email, string? address) => new(Hash($"{email}\n{address}"), options.Value.FreeAttempts);

    private Counter Everywhere(string email) => new(Hash(email), options.Value.FreeAttempts * 10);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
