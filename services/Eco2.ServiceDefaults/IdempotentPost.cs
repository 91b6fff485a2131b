using System.Reflection;
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
/// again. Who is not signed in is known by the key alone, which therefore has to be one that nobody guesses. The app's schema has the table: <c>idempotent_answers (user_id uuid, key text, request_hash bytea, claimed_at timestamptz, status int, location text,
/// body bytea, primary key (user_id, key))</c>, under row-level security.</summary>
public static class IdempotentPost
{
    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    internal const int Shortest = 8, Longest = 128;

    // As many as a UUID without its dashes: a key that people think of would let others try passwords on what was answered.
    private const int ShortestOfNobody = 32;

    // Whoever is not signed in, in the column of users.
    private static readonly Guid Nobody = Guid.AllBitsSet;

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
    /// <param name="Fingerprint">What is kept of the request, to tell it from another: a hash that nobody can try passwords on.</param>
    public sealed record Sealing(
        Func<IServiceProvider, byte[], string, CancellationToken, ValueTask<byte[]>> Seal,
        Func<IServiceProvider, byte[], string, CancellationToken, ValueTask<byte[]>> Open,
        Func<IServiceProvider, byte[], CancellationToken, ValueTask<byte[]>> Fingerprint);

    private sealed record Rules(int ShortestKey, Sealing? Sealing, Action<HttpContext, byte[]>? Replay);

    /// <param name="route">Its body, if it takes one, is a parameter named <c>request</c>. Without a <see cref="CurrentUser"/> it is for who is not signed in.</param>
    /// <param name="sealing">Null: answers are kept as they are.</param>
    /// <param name="replay">What an answer that is given again does besides, such as cookies.</param>
    public static RouteHandlerBuilder OncePerKey(this RouteHandlerBuilder route, Sealing? sealing = null, Action<HttpContext, byte[]>? replay = null)
    {
        route.Add(endpoint => endpoint.Metadata.Add(new TakesIdempotencyKey(
            Array.Exists(endpoint.Metadata.OfType<MethodInfo>().First().GetParameters(), IsUser) ? Shortest : ShortestOfNobody)));
        return route.AddEndpointFilterFactory((factory, next) =>
        {
            var parameters = factory.MethodInfo.GetParameters();
            var user = Array.FindIndex(parameters, IsUser);
            var body = Array.FindIndex(parameters, parameter => parameter.Name == "request");
            var rules = new Rules(user < 0 ? ShortestOfNobody : Shortest, sealing, replay);
            return context => HandleAsync(context, user < 0 ? Nobody : ((CurrentUser)context.Arguments[user]!).Id, body < 0 ? null : context.Arguments[body], rules, next);
        });
    }

    /// <returns>False: a key was sent, and it is none.</returns>
    public static bool TryReadKey(HttpRequest http, out string? key, int shortest = Shortest)
    {
        key = http.Headers["Idempotency-Key"] is [{ } given, ..] ? given : http.Headers["X-Idempotency-Key"] is [{ } old, ..] ? old : null;
        return key is null || (key.Length >= shortest && key.Length <= Longest && key.All(c => c is >= '!' and <= '~'));
    }

    /// <summary>409: the key was used with another body or at another address.</summary>
    public static ProblemHttpResult Mismatch(string service) =>
        Problem.Of(service, "IDEMPOTENCY_MISMATCH", StatusCodes.Status409Conflict, "This Idempotency-Key was used for another request.");

    /// <summary>409: nobody knows the answer yet.</summary>
    public static ProblemHttpResult InProgress(string service) => Problem.Of(
        service, "IDEMPOTENCY_IN_PROGRESS", StatusCodes.Status409Conflict, "The first request with this Idempotency-Key is still under way.", retryAfter: TimeSpan.FromSeconds(1));

    private static async ValueTask<object?> HandleAsync(
        EndpointFilterInvocationContext context, Guid user, object? body, Rules rules, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var service = http.RequestServices.GetRequiredService<ServiceIdentity>().Name;
        if (!TryReadKey(http.Request, out var key, rules.ShortestKey))
        {
            return Problem.Validation(service, "Idempotency-Key", $"It has {rules.ShortestKey} to {Longest} visible ASCII characters.");
        }

        if (key is null)
        {
            return await next(context);
        }

        var ct = http.RequestAborted;
        var db = http.RequestServices.GetRequiredService<NpgsqlDataSource>();
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var hash = await HashAsync(http, body, rules.Sealing, ct);
        if (!await WriteAsync(db, user, Claim, [user, key, hash, now, Lifetime, Abandoned], ct))
        {
            return await AgainAsync(http, db, service, user, key, hash, rules, ct);
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
            kept = await KeepAsync(http, db, user, key, now, result, rules.Sealing);
            return Results.Empty;
        }
        finally
        {
            if (!kept)
            {
                await WriteAsync(db, user, Release, [user, key, now], CancellationToken.None);
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
        HttpContext http, NpgsqlDataSource db, string service, Guid user, string key, byte[] hash, Rules rules, CancellationToken ct)
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
        var bytes = rules.Sealing is not { } sealing ? stored : await sealing.Open(http.RequestServices, stored, UseOf(user, key), ct);
        http.Response.Headers["Idempotency-Replayed"] = "true";
        http.Response.Headers.CacheControl = "no-store";
        if (location.Length > 0)
        {
            http.Response.Headers.Location = location;
        }

        rules.Replay?.Invoke(http, bytes);
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

    /// <summary>What an answer is sealed for.</summary>
    public static string UseOf(Guid user, string key) => $"answer {user:N} {key}";

    private static bool IsUser(ParameterInfo parameter) => parameter.ParameterType == typeof(CurrentUser);

    private static async ValueTask<byte[]> HashAsync(HttpContext http, object? body, Sealing? sealing, CancellationToken ct)
    {
        var json = http.RequestServices.GetRequiredService<WireJson>().Options;
        byte[] request =
        [
            .. Encoding.UTF8.GetBytes($"{http.Request.Method} {http.Request.Path}\n"),
            .. body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), json),
        ];
        return sealing is null ? SHA256.HashData(request) : await sealing.Fingerprint(http.RequestServices, request, ct);
    }
}

/// <summary>On routes that take an <c>Idempotency-Key</c>.</summary>
/// <param name="ShortestKey">Characters.</param>
public sealed record TakesIdempotencyKey(int ShortestKey = IdempotentPost.Shortest);
