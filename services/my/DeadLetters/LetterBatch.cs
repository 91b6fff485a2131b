using System.Reflection;
using System.Text;
using System.Text.Json;
using Eco2.ServiceDefaults;

namespace Eco2.My.DeadLetters;

/// <summary>Dead letters as the sidecar brings them: in bulk and raw, so that the broker's bytes arrive as they are.</summary>
internal sealed record LetterBatch(IReadOnlyList<LetterBatch.Entry> Entries)
{
    public sealed record Entry(string EntryId, Letter Letter);

    /// <summary>Called by the framework for a parameter of this type. What is not understood is not taken: it stays with the broker.</summary>
    public static async ValueTask<LetterBatch> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        var root = body.RootElement;
        var topic = root.GetProperty("topic").GetString()!;
        if (!root.TryGetProperty("entries", out var entries))
        {
            // One by one: the bytes are wrapped into an envelope of the sidecar's own.
            return new LetterBatch([new Entry("", Letter.Read(topic, root.GetProperty("data_base64").GetBytesFromBase64()))]);
        }

        return new LetterBatch([.. entries.EnumerateArray().Select(e => new Entry(e.GetProperty("entryId").GetString()!, Letter.Read(topic, Bytes(e.GetProperty("event")))))]);
    }

    public BulkAnswer AllStored() => new([.. Entries.Select(e => new BulkAnswer.Status(e.EntryId, "SUCCESS"))]);

    private static byte[] Bytes(JsonElement given) =>
        given.ValueKind == JsonValueKind.String && given.TryGetBytesFromBase64(out var bytes) ? bytes : Encoding.UTF8.GetBytes(given.GetRawText());
}
