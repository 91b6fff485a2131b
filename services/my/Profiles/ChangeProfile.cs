using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.Profiles;

/// <summary>Nickname and phone number. A member that is left out stays as it is. If-Match says what the caller saw.</summary>
internal sealed class ChangeProfile
{
    public sealed record Request(string? Nickname, string? PhoneNumber);

    private const string Update =
        $"""
        update profiles set nickname = coalesce(normalize($2), nickname), phone_number = coalesce($3, phone_number)
        where user_id = $1 and ($4::text is null or {Profile.Version} = $4)
        returning {Profile.Columns}
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/", Handle).DemandIfMatch();

    private static async Task<Results<Ok<Profile>, ProblemHttpResult>> Handle(
        Request request, CurrentUser user, HttpContext http, NpgsqlDataSource db, CancellationToken ct)
    {
        if (request is { Nickname: null, PhoneNumber: null })
        {
            return Problems.NoChangesProvided();
        }

        var nickname = request.Nickname is null ? null : Nfc.Compose(request.Nickname).Trim();
        if (nickname is { Length: 0 or > 120 } || (nickname is not null && Invisible.IsInName(nickname)))
        {
            return Problems.Invalid("nickname", "A nickname has 1 to 120 characters, none of them a control or invisible character.");
        }

        var phone = (string?)null;
        if (request.PhoneNumber is not null && !PhoneNumber.TryNormalise(request.PhoneNumber, out phone))
        {
            return Problems.InvalidPhoneNumber();
        }

        var match = IfMatch.Tag(http);
        try
        {
            await using var work = await db.BeginForUserAsync(user.Id, ct);
            Profile? changed = null;
            await using (var update = work.Command(Update, user.Id, nickname, phone, match))
            await using (var reader = await update.ExecuteReaderAsync(ct))
            {
                if (await reader.ReadAsync(ct))
                {
                    changed = Profile.Read(reader);
                    http.Response.Headers.ETag = Profile.Tag(reader);
                }
            }

            await work.CommitAsync(ct);
            return changed is not null ? TypedResults.Ok(changed) : match is null ? Problems.UserNotFound() : Problems.PreconditionFailed();
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "profiles_phone_number_key" })
        {
            return Problems.PhoneInUse();
        }
    }
}
