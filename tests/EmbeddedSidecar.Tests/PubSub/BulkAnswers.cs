using System.Text.Json;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>What an app with bulk subscription answers.</summary>
internal static class BulkAnswers
{
    public static string All(Received batch, string status) => Each(batch, _ => status);

    /// <param name="status">By the data of an entry; null leaves the entry out.</param>
    public static string Each(Received batch, Func<string, string?> status) =>
        JsonSerializer.Serialize(new
        {
            statuses = batch.Json.GetProperty("entries").EnumerateArray()
                .Select(entry => new { entryId = entry.GetProperty("entryId").GetString(), status = status(entry.GetProperty("event").GetProperty("data").ToString()) })
                .Where(one => one.status is not null),
        });
}
