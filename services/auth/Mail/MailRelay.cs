using Dapr;
using Dapr.Client;
using Eco2.ServiceDefaults;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Mail;

/// <summary>Sends what waits in the queue through the binding <c>mail</c>: woken after a commit, and now and then for what another replica left.
/// A crash between sending and removing repeats a mail; the link in the repeated one is the valid one.</summary>
internal sealed partial class MailRelay(
    MailQueue queue, NpgsqlDataSource db, DaprClient dapr, IOptions<AuthOptions> options, TimeProvider clock, ILogger<MailRelay> logger) : BackgroundService
{
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan GivenUpAfter = TimeSpan.FromDays(3);

    // Taken for a minute: whoever takes it and dies leaves it to the others. Replicas skip what another one is taking.
    private const string Take =
        """
        update mails set attempts = attempts + 1, next_at = $1 + interval '1 minute'
        where id in (select id from mails where next_at <= $1 order by next_at limit 5 for update skip locked)
        returning id, kind, account_id, email, language, created_at, attempts
        """;

    private const string Find =
        """
        select id, email, email_verified_at is not null from accounts
        where deleted_at is null and email is not null and (id = $1 or ($1::uuid is null and email = $2))
        """;

    private const string Later = "update mails set next_at = $2 where id = $1";
    private const string Done = "delete from mails where id = $1";
    private const string Next = "select min(next_at) from mails";

    private sealed record Mail(Guid Id, string Kind, Guid? AccountId, string Email, string Language, DateTimeOffset CreatedAt, int Attempts);

    private sealed record Recipient(Guid Id, string Email, bool Verified);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Round;
            try
            {
                while (await TakeAsync(stoppingToken) is { Count: > 0 } mails)
                {
                    await Task.WhenAll(mails.Select(mail => HandleAsync(mail, stoppingToken)));
                }

                pause = await PauseAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                DatabaseAway(logger, e.Message);
                pause = TimeSpan.FromSeconds(2);
            }

            await queue.WokenAsync(pause, clock, stoppingToken);
        }
    }

    private async Task<List<Mail>> TakeAsync(CancellationToken ct)
    {
        await using var row = await db.QueryForSystemAsync(SystemScope.Mail, Take, [clock.GetUtcNow()], ct);
        var mails = new List<Mail>();
        while (await row.ReadAsync(ct))
        {
            mails.Add(new Mail(
                row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetGuid(2), row.GetString(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5), row.GetInt32(6)));
        }

        return mails;
    }

    private async Task HandleAsync(Mail mail, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (now - mail.CreatedAt > GivenUpAfter)
        {
            GivenUp(logger, mail.Id, mail.Kind, mail.Attempts);
        }
        else if (await FindAsync(mail, ct) is { } recipient && !(mail.Kind == Letters.VerifyEmail && recipient.Verified))
        {
            // The link is written before the mail leaves: nobody can click on one that is not there yet.
            var (subject, html) = Letters.Compose(mail.Kind, mail.Language, await LinkAsync(mail, recipient, now, ct));
            if (await SendAsync(mail, recipient.Email, subject, html, ct) is { } why)
            {
                Waits(logger, mail.Id, mail.Kind, mail.Attempts, why);
                var pause = Math.Min(LongestPause.TotalSeconds, Math.Pow(2, Math.Min(mail.Attempts, 10)));
                await db.ExecuteForSystemAsync(SystemScope.Mail, ct, new NpgsqlBatchCommand(Later).With(mail.Id, now + TimeSpan.FromSeconds(pause)));
                return;
            }
        }

        // It has left: forgetting that because somebody pressed Ctrl-C would send it twice.
        await db.ExecuteForSystemAsync(SystemScope.Mail, CancellationToken.None, new NpgsqlBatchCommand(Done).With(mail.Id));
    }

    private async Task<Recipient?> FindAsync(Mail mail, CancellationToken ct)
    {
        await using var all = await db.BeginForSystemAsync(SystemScope.Mail, ct);
        await using var find = all.Command(Find);
        find.Parameters.Add(new NpgsqlParameter { Value = (object?)mail.AccountId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        find.Parameters.Add(new NpgsqlParameter { Value = mail.Email });
        await using var row = await find.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct) ? new Recipient(row.GetGuid(0), row.GetString(1), row.GetBoolean(2)) : null;
    }

    private async Task<Uri?> LinkAsync(Mail mail, Recipient recipient, DateTimeOffset now, CancellationToken ct)
    {
        var purpose = mail.Kind switch { Letters.VerifyEmail => OneTimeLinks.VerifyEmail, Letters.ResetPassword => OneTimeLinks.ResetPassword, _ => null };
        return purpose is null ? null : new Uri($"{options.Value.PublicUrl.TrimEnd('/')}/#/{purpose}?token={await OneTimeLinks.MakeAsync(db, recipient.Id, purpose, now, ct)}");
    }

    /// <summary>Null when it has left, else why not.</summary>
    private async Task<string?> SendAsync(Mail mail, string email, string subject, string html, CancellationToken ct)
    {
        // Mailers take emailTo and subject; a folder takes fileName: one folder per address, the newest name last.
        var request = new BindingRequest("mail", "create") { Data = System.Text.Encoding.UTF8.GetBytes(html) };
        request.Metadata["emailTo"] = email;
        request.Metadata["subject"] = subject;
        request.Metadata["fileName"] = $"{Safe(email)}/{mail.CreatedAt.UtcDateTime:yyyyMMdd'T'HHmmss'.'fff}-{mail.Kind}-{mail.Id:N}.html";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(SendLimit);
        try
        {
            await dapr.InvokeBindingAsync(request, limit.Token);
            return null;
        }
        catch (DaprException e)
        {
            // The mailer's own words may hold the address: they stay in the sidecar's log.
            return e.InnerException is RpcException { StatusCode: var code } ? code.ToString() : e.GetType().Name;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return "it took too long";
        }
    }

    private static string Safe(string email) => string.Concat(email.Select(c => char.IsLetterOrDigit(c) || c is '@' or '.' or '-' or '_' or '+' ? c : '_'));

    private async Task<TimeSpan> PauseAsync(CancellationToken ct)
    {
        await using var row = await db.QueryForSystemAsync(SystemScope.Mail, Next, [], ct);
        var wait = await row.ReadAsync(ct) && !row.IsDBNull(0) ? row.GetFieldValue<DateTimeOffset>(0) - clock.GetUtcNow() : Round;
        return wait < TimeSpan.FromMilliseconds(100) ? TimeSpan.FromMilliseconds(100) : wait > Round ? Round : wait;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Mail {Mail} ({Kind}) waits after attempt {Attempt}: {Why}")]
    private static partial void Waits(ILogger logger, Guid mail, string kind, int attempt, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Mail {Mail} ({Kind}) was given up after {Attempts} attempts")]
    private static partial void GivenUp(ILogger logger, Guid mail, string kind, int attempts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Mails wait: {Why}")]
    private static partial void DatabaseAway(ILogger logger, string why);
}
