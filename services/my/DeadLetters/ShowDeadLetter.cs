using System.Text.Json;
using Eco2.Contracts.DeadLetters;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Eco2.My.DeadLetters;

/// <summary>One dead letter with what is in it.</summary>
internal sealed class ShowDeadLetter
{
    private const string Select = $"select {LetterRows.Columns}, payload from dead_letters where id = $1";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id:guid}", Handle);

    private static async Task<Results<Ok<DeadLetterContent>, ProblemHttpResult>> Handle(Guid id, Admin admin, NpgsqlDataSource db, CancellationToken ct)
    {
        _ = admin;
        await using var select = db.CreateCommand(Select).With(id);
        await using var row = await select.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct))
        {
            return Problems.DeadLetterNotFound();
        }

        var payload = row.GetFieldValue<byte[]>(15);
        var message = TryParse(payload);
        return TypedResults.Ok(new DeadLetterContent(LetterRows.Read(row), message, message is null ? Convert.ToBase64String(payload) : null));
    }

    private static JsonElement? TryParse(byte[] payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload);
            var value = JsonElement.ParseValue(ref reader);
            // A text with half a surrogate pair can be read but not be written.
            using var writer = new Utf8JsonWriter(Stream.Null);
            value.WriteTo(writer);
            return reader.Read() ? null : value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
