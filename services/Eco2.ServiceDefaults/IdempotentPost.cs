using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Answers a POST that comes again with the same <c>Idempotency-Key</c> as it was answered the first time, for 24 hours and per user, without doing it
/// again. The app's schema has the table: <c>idempotent_answers (user_id uuid, key text, request_hash bytea, claimed_at timestamptz, status int, location text,
/// body bytea, primary key (user_id, key))</c>, under row-level security.</summary>
public static class IdempotentPost
{
    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    // Longer than any request may take: who claimed the key has died.
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(2);

    private const string Claim =
        """
        with swept as (delete from idempotent_answers where user_id = $1 and key <> $2 and claimed_at < $4 - $5::interval)
        insert into idempotent_answers as known (user_id, key, request_hash, claimed_at) values ($1, $2, $3, $4)
        on conflict (user_id, key) do update
        set request_hash = excluded.request_hash, claimed_at = excluded.claimed_at, status = null, location = null, body = null
        where known.claimed_at < $4 - $5::interval
           or (known.status is null and known.claimed_at < $4 - $6::interval and known.request_hash = excluded.request_hash)
        returning true
        """;

    private const string Find = "select request_hash, status, location, body from idempotent_answers where user_id = $1 and key = $2";
    private const string Keep = "update idempotent_answers set status = $4, location = $5, body = $6 where user_id = $1 and key = $2 and claimed_at = $3";
    private const string Release = "delete from idempotent_answers where user_id = $1 and key = $2 and claimed_at = $3 and status is null";

    /// <summary>How an app hides the answers it keeps, for those that hold a secret.</summary>
    /// <param name="Seal">From the answer and what it is for.</param>
    /// <param name="Open">Back again.</param>
    public sealed record Sealing(
        Func<IServiceProvider, byte[], string, CancellationToken, ValueTask<byte[]>> Seal, Func<IServiceProvider, byte[], string, CancellationToken, ValueTask<byte[]>> Open);

    /// <param name="route">Has a <see cref="CurrentUser"/>; its body, if it takes one, is a parameter named <c>request</c>.</param>
    /// <param name="sealing">Null: answers are kept as they are.</param>
    public static RouteHandlerBuilder OncePerKey(this RouteHandlerBuilder route, Sealing? sealing = null) =>
        route.WithMetadata(new TakesIdempotencyKey()).AddEndpointFilterFactory((factory, next) =>
        {
            var parameters = factory.MethodInfo.GetParameters();
            var user = Array.FindIndex(parameters, parameter => parameter.ParameterType == typeof(CurrentUser));
            var body = Array.FindIndex(parameters, parameter => parameter.Name == "request");
            return context => HandleAsync(context, (CurrentUser)context.Arguments[user]!, body < 0 ? null : context.Arguments[body], sealing, next);
        });

    /// <returns>False: a key was sent, and it is none.</returns>
    public static bool TryReadKey(HttpRequest http, out string? key)
    {
        key = http.Headers["Idempotency-Key"] is [{ } given, ..] ? given : http.Headers["X-Idempotency-Key"] is [{ } old, ..] ? old : null;
        return key is null || (key.Length is >= 8 and <= 128 && key.All(c => c is >= '!' and <= '~'));
    }

    /// <summary>409: the key was used with another body or at another address.</summary>
    public static ProblemHttpResult Mismatch(string service) =>
        Problem.Of(service, "IDEMPOTENCY_MISMATCH", StatusCodes.Status409Conflict, "This Idempotency-Key was used for another request.");

    /// <summary>409: nobody knows the answer yet.</summary>
    public static ProblemHttpResult InProgress(string service) => Problem.Of(
        service, "IDEMPOTENCY_IN_PROGRESS", StatusCodes.Status409Conflict, "The first request with this Idempotency-Key is still under way.", retryAfter: TimeSpan.FromSeconds(1));

    private static async ValueTask<object?> HandleAsync(
        EndpointFilterInvocationContext context, CurrentUser user, object? body, Sealing? sealing, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var service = http.RequestServices.GetRequiredService<ServiceIdentity>().Name;
        if (!TryReadKey(http.Request, out var key))
        {
            return Problem.Validation(service, "Idempotency-Key", "It has 8 to 128 visible ASCII characters.");
        }

        if (key is null)
        {
            return await next(context);
        }

        var ct = http.RequestAborted;
        var db = http.RequestServices.GetRequiredService<NpgsqlDataSource>();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var hash = HashOf(http, body);
        if (!await WriteAsync(db, user.Id, Claim, [user.Id, key, hash, now, Lifetime, Abandoned], ct))
        {
            return await AgainAsync(http, db, service, user.Id, key, hash, sealing, ct);
        }

        var kept = false;
        try
        {
            var answer = await next(context);
            if (answer is not IResult result)
            {
                throw new InvalidOperationException("An endpoint that answers once per key answers with an IResult.");
            }

            // Whoever asked may be gone by now; the answer is kept all the same, for the next time.
            kept = await KeepAsync(http, db, user.Id, key, now, result, sealing);
            return Results.Empty;
        }
        finally
        {
            if (!kept)
            {
                await WriteAsync(db, user.Id, Release, [user.Id, key, now], CancellationToken.None);
            }
        }
    }

    private static async Task<bool> KeepAsync(
        HttpContext http, NpgsqlDataSource db, Guid user, string key, DateTimeOffset claimedAt, IResult result, Sealing? sealing)
    {
        var (outside, buffer) = (http.Response.Body, new MemoryStream());
        http.Response.Body = buffer;
        try
        {
            await result.ExecuteAsync(http);
        }
        finally
        {
            http.Response.Body = outside;
        }

        var (status, bytes, kept) = (http.Response.StatusCode, buffer.ToArray(), false);
        if (status is >= 200 and < 300)
        {
            var hidden = sealing is null ? bytes : await sealing.Seal(http.RequestServices, bytes, UseOf(user, key), CancellationToken.None);
            await WriteAsync(db, user, Keep, [user, key, claimedAt, status, http.Response.Headers.Location.ToString(), hidden], CancellationToken.None);
            kept = true;
        }

        await outside.WriteAsync(bytes, http.RequestAborted);
        return kept;
    }

    private static async Task<IResult> AgainAsync(
        HttpContext http, NpgsqlDataSource db, string service, Guid user, string key, byte[] hash, Sealing? sealing, CancellationToken ct)
    {
        await using var known = await db.QueryForUserAsync(user, Find, [user, key], ct);
        var found = await known.ReadAsync(ct);
        if (found && !known.GetFieldValue<byte[]>(0).AsSpan().SequenceEqual(hash))
        {
            return Mismatch(service);
        }

        if (!found || await known.IsDBNullAsync(1, ct))
        {
            return InProgress(service);
        }

        var (status, location, stored) = (known.GetInt32(1), known.GetString(2), known.GetFieldValue<byte[]>(3));
        var bytes = sealing is null ? stored : await sealing.Open(http.RequestServices, stored, UseOf(user, key), ct);
        http.Response.Headers["Idempotency-Replayed"] = "true";
        http.Response.Headers.CacheControl = "no-store";
        if (location.Length > 0)
        {
            http.Response.Headers.Location = location;
        }

        http.Response.StatusCode = status;
        return bytes.Length == 0 ? Results.StatusCode(status) : Results.Text(bytes, "application/json; charset=utf-8", status);
    }

    private static async Task<bool> WriteAsync(NpgsqlDataSource db, Guid user, string sql, object?[] values, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(user, ct);
        await using var command = work.Command(sql, values);
        var written = await command.ExecuteScalarAsync(ct) is true;
        await work.CommitAsync(ct);
        return written;
    }

    private static string UseOf(Guid user, string key) => $"answer {user:N} {key}";

    private static byte[] HashOf(HttpContext http, object? body)
    {
        var json = http.RequestServices.GetRequiredService<WireJson>().Options;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{http.Request.Method} {http.Request.Path}\n"));
        hash.AppendData(body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), json));
        return hash.GetHashAndReset();
    }
}

/// <summary>On routes that take an <c>Idempotency-Key</c>.</summary>
public sealed class TakesIdempotencyKey;
