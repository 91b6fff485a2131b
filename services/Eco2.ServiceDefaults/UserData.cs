using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Export and deletion of everything that a service knows of a user, for the worker alone. All calls can be repeated.</summary>
public sealed class UserData(IEnumerable<UserTable> tables, NpgsqlDataSource db, TimeProvider clock)
{
    private const int PageRows = 100, BatchRows = 200;

    // An insert under way either commits before the lock is had, and is seen by the deletion, or comes after it, and sees the tombstone.
    private const string Close = "select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 1))";

    private const string Bury = "insert into erased_users (user_id, erased_at) values ($1, $2) on conflict (user_id) do nothing";

    private const string Count =
        "update erased_users set removed = jsonb_set(removed, array[$2], to_jsonb(coalesce((removed ->> $2)::bigint, 0) + $3::bigint)) where user_id = $1";

    /// <summary>From now on no row of this user can be added, whatever arrives late.</summary>
    public async Task CloseAsync(Guid userId, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(userId, ct);
        await using (var wait = work.Command(Close, userId))
        {
            await wait.ExecuteNonQueryAsync(ct);
        }

        await using var bury = work.Command(Bury, userId, clock.GetUtcNow());
        await bury.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
    }

    /// <param name="userId">Whose rows.</param>
    /// <param name="cursor">As the page before gave it; null for the first.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<UserDataPage> ReadAsync(Guid userId, string? cursor, CancellationToken ct)
    {
        var exported = tables.Where(t => t.IsExported).ToList();
        var colon = cursor?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        var (number, after) = colon > 0 && int.TryParse(cursor.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n < exported.Count
            ? (n, cursor![(colon + 1)..])
            : (0, "");
        var table = exported[number];
        var rows = new List<JsonElement>();
        var last = "";
        await using var row = await db.QueryForUserAsync(
            userId,
            $"""
             select t.{table.Key}::text collate "C" as k, (to_jsonb(t) - $3::text[])::text from {table.Name} t
             where {table.Where} and t.{table.Key}::text collate "C" > $2 order by k limit $4
             """,
            [userId, after, table.Secret.ToArray(), PageRows],
            ct);
        while (await row.ReadAsync(ct))
        {
            last = row.GetString(0);
            rows.Add(JsonSerializer.Deserialize<JsonElement>(row.GetString(1)));
        }

        var next = rows.Count == PageRows ? $"{number}:{last}" : number + 1 < exported.Count ? $"{number + 1}:" : null;
        return new UserDataPage(table.Name, rows, next);
    }

    /// <summary>Takes the rows out in small bites; what is counted and what is gone is one transaction each.</summary>
    public async Task<ErasedUser> EraseAsync(Guid userId, IServiceProvider services, CancellationToken ct)
    {
        await CloseAsync(userId, ct);
        foreach (var table in tables.Where(t => t.IsErased))
        {
            while (await EraseSomeAsync(table, userId, services, ct) == BatchRows)
            {
                // More of them.
            }
        }

        await using var row = await db.QueryForUserAsync(userId, "select removed::text from erased_users where user_id = $1", [userId], ct);
        await row.ReadAsync(ct);
        return new ErasedUser(JsonSerializer.Deserialize<Dictionary<string, long>>(row.GetString(0))!);
    }

    private async Task<int> EraseSomeAsync(UserTable table, Guid userId, IServiceProvider services, CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(userId, ct);
        var keys = new List<string>();
        await using (var select = work.Command($"select t.{table.Key}::text from {table.Name} t where {table.Where} limit {BatchRows} for update", userId))
        await using (var row = await select.ExecuteReaderAsync(ct))
        {
            while (await row.ReadAsync(ct))
            {
                keys.Add(row.GetString(0));
            }
        }

        if (keys.Count == 0)
        {
            return 0;
        }

        if (table.BeforeErase is { } before)
        {
            await before(services, work, userId, keys, ct);
        }

        await using (var delete = work.Command($"delete from {table.Name} t where {table.Where} and t.{table.Key}::text = any($2)", userId, keys.ToArray()))
        {
            await delete.ExecuteNonQueryAsync(ct);
        }

        await using var count = work.Command(Count, userId, table.Name, (long)keys.Count);
        await count.ExecuteNonQueryAsync(ct);
        await work.CommitAsync(ct);
        return keys.Count;
    }
}

/// <summary>Switches export and deletion on.</summary>
public static class UserDataDefaults
{
    /// <summary>Adds the tombstones to the service's schema. Call it after <c>AddEco2Database</c>. A migration of the service guards each table:
    /// <c>create trigger refuse_erased before insert on t for each row execute function refuse_erased('user_id')</c>.</summary>
    public static WebApplicationBuilder AddEco2UserData(this WebApplicationBuilder builder, params ReadOnlySpan<UserTable> tables)
    {
        foreach (var table in tables)
        {
            builder.Services.AddSingleton(table);
        }

        builder.Services.AddSingleton<UserData>();
        builder.Services.AddSingleton(new SharedMigration(
            -2,
            "erased_users",
            """
            -- Who was deleted: an id and numbers, so that late messages bring nothing back.
            create table erased_users (user_id uuid primary key, erased_at timestamptz not null, removed jsonb not null default '{}');
            alter table erased_users enable row level security;
            create policy own_rows on erased_users using (current_setting('eco2.user_id', true) in (user_id::text, 'all'));
            do $do$ begin execute format($f$
              create function refuse_erased() returns trigger language plpgsql security definer set search_path = %I, pg_temp as $body$
              declare who uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
              begin
                if who is null then return new; end if;
                perform pg_advisory_xact_lock_shared(hashtextextended(who::text, 1));
                -- The row is left out without an error: for whoever delivers it, it is done.
                if exists (select 1 from erased_users where user_id = who) then return null; end if;
                return new;
              end $body$ $f$, current_schema());
            end $do$;
            """));
        return builder;
    }

    /// <summary>Maps <c>PUT /internal/users/{id}/closed</c>, <c>GET</c> and <c>DELETE /internal/users/{id}/data</c>.</summary>
    /// <param name="routes">The app.</param>
    /// <param name="closes">False when the service has a route of its own for the first.</param>
    public static void MapUserData(this IEndpointRouteBuilder routes, bool closes = true)
    {
        if (closes)
        {
            routes.MapPut("/internal/users/{id:guid}/closed", CloseAsync);
        }

        routes.MapGet("/internal/users/{id:guid}/data", ReadAsync);
        routes.MapDelete("/internal/users/{id:guid}/data", EraseAsync);
    }

    private static async Task<NoContent> CloseAsync(Guid id, UserData data, CancellationToken ct)
    {
        await data.CloseAsync(id, ct);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<UserDataPage>> ReadAsync(Guid id, UserData data, CancellationToken ct, string? cursor = null) =>
        TypedResults.Ok(await data.ReadAsync(id, cursor, ct));

    private static async Task<Ok<ErasedUser>> EraseAsync(Guid id, UserData data, HttpContext http, CancellationToken ct) =>
        TypedResults.Ok(await data.EraseAsync(id, http.RequestServices, ct));
}
