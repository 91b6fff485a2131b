using System.Threading.Channels;
using Eco2.ServiceDefaults;
using Npgsql;

namespace Eco2.Auth.Mail;

/// <summary>Mails wait in a table, written with the fact that they tell, and leave after the commit: an answer never waits for a mailer,
/// and a mailer that is away loses nothing.</summary>
internal sealed class MailQueue
{
    private const string Insert = "insert into mails (id, kind, account_id, email, language, created_at, next_at) values ($1, $2, $3, normalize($4), $5, $6, $6)";

    // One slot: several wishes to be woken are one.
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(1);

    /// <summary>A row for the batch that is one transaction with the fact.</summary>
    /// <param name="kind">One of <see cref="Letters"/>.</param>
    /// <param name="accountId">Null to find the account by its address when the mail leaves.</param>
    /// <param name="email">Whom it goes to.</param>
    /// <param name="language">ko or en.</param>
    /// <param name="now">It may leave from now on.</param>
    public static NpgsqlBatchCommand Entry(string kind, Guid? accountId, string email, string language, DateTimeOffset now) =>
        new NpgsqlBatchCommand(Insert).With(Guid.CreateVersion7(now), kind, accountId, email, language, now);

    /// <summary>After the commit.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Returns when somebody wakes the relay, or after <paramref name="atMost"/>.</summary>
    public async Task WokenAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await wake.Reader.WaitToReadAsync(either.Token);
            wake.Reader.TryRead(out _);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Time for a look without being asked.
        }
    }
}
