using Eco2.Auth.Auditing;
using Eco2.Auth.Keys;
using Eco2.Auth.Sessions;
using Eco2.Contracts.Auth;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth.ApiKeys;

/// <summary>A key for a program of the user, shown this once.</summary>
internal sealed class CreateKey
{
    private const int MaxKeys = 20;
    private const int MaxName = 60;

    public sealed record Request(string? Name, IReadOnlyList<string>? Scopes, DateTimeOffset? ExpiresAt);

    public sealed record Answer(
        Guid Id, string Name, string Prefix, string Key, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

    // One after the other for each user, so that the count holds.
    private const string LockAccount = "select 1 from accounts where id = $1 and deleted_at is null for update";
    private const string Count = "select count(*) from api_keys where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";

    private const string Insert =
        "insert into api_keys (id, user_id, name, hash, scopes, created_at, expires_at) values ($1, $2, normalize($3), $4, $5, $6, $7)";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/keys", Handle).WithName("CreateApiKey")
        .WithSummary("Makes an API key; its text is in this answer only.").WithDescription("At most 20 keys a user. Only a session may make one, never another key.")
        .OncePerKey(SealedAnswers.Of);

    private static async Task<Results<Created<Answer>, ProblemHttpResult>> Handle(
        Request request, CurrentUser user, HttpContext http, Npgsql.NpgsqlDataSource db, TimeProvider clock, CancellationToken ct)
    {
        if (BySession.Refuse(http) is { } refusal)
        {
            return refusal;
        }

        var now = clock.GetUtcNow();
        var name = Nfc.Compose(request.Name ?? "").Trim();
        var scopes = (request.Scopes ?? []).Distinct(StringComparer.Ordinal).ToArray();
        if (Check(name, scopes, request.ExpiresAt, now) is { Count: > 0 } errors)
        {
            return Problems.Invalid(errors);
        }

        var key = ApiKey.Make(now);
        var expiresAt = request.ExpiresAt?.ToUniversalTime();
        await using var mine = await db.BeginForUserAsync(user.Id, ct);
        await using var locked = mine.Command(LockAccount, user.Id);
        if (await locked.ExecuteScalarAsync(ct) is null)
        {
            return Problems.InvalidToken();
        }

        await using var count = mine.Command(Count, user.Id, now);
        if (await count.ExecuteScalarAsync(ct) is >= (long)MaxKeys)
        {
            return Problems.TooManyKeys(MaxKeys);
        }

        await using (var batch = mine.Connection.CreateBatch())
        {
            batch.BatchCommands.Add(new Npgsql.NpgsqlBatchCommand(Insert).With(key.Id, user.Id, name, key.Hash, scopes, now, expiresAt));
            batch.BatchCommands.Add(Audit.KeyMade(user.Id, key.Id, scopes, Caller.Of(http), now));
            await batch.ExecuteNonQueryAsync(ct);
        }

        await mine.CommitAsync(ct);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/v1/auth/keys/{key.Id}", new Answer(key.Id, name, ApiKey.PrefixOf(key.Id), key.Text, scopes, now, expiresAt));
    }

    private static Dictionary<string, string[]> Check(string name, string[] scopes, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        var errors = new Dictionary<string, string[]>();
        if (name.Length is 0 or > MaxName || Invisible.IsInName(name))
        {
            errors["name"] = [$"A key has a name of 1 to {MaxName} characters, none of them a control or invisible character."];
        }

        if (scopes.Length == 0 || !scopes.All(s => ApiScopes.All.Contains(s, StringComparer.Ordinal)))
        {
            errors["scopes"] = [$"Name at least one of {string.Join(", ", ApiScopes.All)}."];
        }

        if (expiresAt <= now)
        {
            errors["expires_at"] = ["This time has passed."];
        }

        return errors;
    }
}
