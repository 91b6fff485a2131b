using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.Sessions;

/// <summary>Ends this session, or all of the user's. Success means it is on disk: a restart does not bring the session back.</summary>
internal sealed class SignOut
{
    public sealed record Request(string? RefreshToken);

    public sealed record Answer(bool Success, Data Data);

    public sealed record Data(string Message);

    private const string SessionOfToken = "select session_id from refresh_tokens where hash = $1";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/logout", Handle);
        routes.MapPost("/logout-all", HandleAll);
    }

    /// <summary>Whoever has neither a session nor a token is signed out already, and gets rid of old cookies.</summary>
    private static async Task<Ok<Answer>> Handle(
        HttpContext http,
        NpgsqlDataSource db,
        EndSession end,
        IOptions<AuthOptions> options,
        TimeProvider clock,
        CancellationToken ct)
    {
        var request = http.Request.HasJsonContentType() && http.Request.ContentLength is not 0 ? await http.Request.ReadFromJsonAsync<Request>(ct) : null;
        await using var work = await db.BeginForSystemAsync(SystemScope.Session, ct);
        var connection = work.Connection;
        var sessions = new HashSet<Guid>();
        if (Guid.TryParseExact(http.Request.Headers[CurrentUser.SessionIdHeader].ToString(), "D", out var current))
        {
            sessions.Add(current);
        }

        foreach (var text in (string?[])[request?.RefreshToken, http.Request.Cookies[Cookies.Refresh]])
        {
            if (RefreshToken.TryRead(text, out var token))
            {
                await using var find = new NpgsqlCommand(SessionOfToken, connection).With(token.Hash);
                if (await find.ExecuteScalarAsync(ct) is Guid session)
                {
                    sessions.Add(session);
                }
            }
        }

        foreach (var session in sessions)
        {
            await end.ByIdAsync(connection, session, "signed out", clock.GetUtcNow(), ct);
        }

        await work.CommitAsync(ct);
        return Done(http, end, options.Value);
    }

    private static async Task<Ok<Answer>> HandleAll(
        CurrentUser user,
        HttpContext http,
        NpgsqlDataSource db,
        EndSession end,
        IOptions<AuthOptions> options,
        TimeProvider clock,
        CancellationToken ct)
    {
        await using var work = await db.BeginForUserAsync(user.Id, ct);
        var connection = work.Connection;
        await end.AllOfUserAsync(connection, user.Id, "signed out everywhere", clock.GetUtcNow(), ct);
        await work.CommitAsync(ct);
        return Done(http, end, options.Value);
    }

    private static Ok<Answer> Done(HttpContext http, EndSession end, AuthOptions options)
    {
        end.Published();
        Cookies.Clear(http, options);
        return TypedResults.Ok(new Answer(true, new Data("Signed out.")));
    }
}
