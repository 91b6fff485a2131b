using Eco2.Contracts.DeadLetters;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>Dead letters, newest first, without what is in them. The cursor is the last id of the page before.</summary>
internal sealed class ListDeadLetters
{
    private const int DefaultLimit = 50, MaxLimit = 200;

    private const string Select =
        $"""
        select {LetterRows.Columns} from dead_letters
        where id < $1 and ($2::text is null or topic = $2) and ($3::text is null or state = $3) order by id desc limit $4
        """;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/", Handle);

    private static async Task<Results<Ok<DeadLetterPage>, ProblemHttpResult>> Handle(
        Admin admin, NpgsqlDataSource db, CancellationToken ct, string? topic = null, string? state = null, string? limit = null, string? cursor = null)
    {
        _ = admin;
        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out size) || size is < 1 or > MaxLimit))
        {
            return Problems.Invalid("limit", $"It is a number from 1 to {MaxLimit}.");
        }

        if (state is not null && !LetterRows.States.Contains(state, StringComparer.Ordinal))
        {
            return Problems.Invalid("state", $"It is one of {string.Join(", ", LetterRows.States)}.");
        }

        if (topic?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return Problems.Invalid("topic", "It is the name of a topic.");
        }

        if (!PageCursor.TryRead(cursor, out var before))
        {
            return Problems.Invalid("cursor", "It is not one that was given out.");
        }

        // One more than asked says whether there is a next page.
        await using var select = db.CreateCommand(Select).With(before, topic, state, size + 1);
        await using var row = await select.ExecuteReaderAsync(ct);
        var letters = new List<DeadLetter>();
        while (await row.ReadAsync(ct))
        {
            letters.Add(LetterRows.Read(row));
        }

        if (letters.Count <= size)
        {
            return TypedResults.Ok(new DeadLetterPage(letters, null));
        }

        letters.RemoveAt(size);
        return TypedResults.Ok(new DeadLetterPage(letters, PageCursor.After(letters[^1].Id)));
    }
}
