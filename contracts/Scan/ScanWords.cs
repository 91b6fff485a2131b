using System.Text.Json;
using System.Text.Json.Nodes;

namespace Eco2.Contracts.Scan;

/// <summary>The words a user sent with a scan, kept in the state store of the job documents under <see cref="KeyOf"/> for as long as an accepted job
/// may wait. Messages, logs and histories of workflows say only that there are some; whoever answers the owner puts them in again.</summary>
/// <param name="UserId">The owner.</param>
/// <param name="Text">1 to 500 characters.</param>
public sealed record ScanWords(Guid UserId, string Text)
{
    /// <summary>Among the warnings of a result: there were words, but they were gone before they were read.</summary>
    public const string Gone = "WORDS_GONE";

    private const string Pipeline = "pipeline_result", Classification = "classification_result", Meta = "meta", UserInput = "user_input";

    /// <summary>The key of a job's words.</summary>
    public static string KeyOf(Guid jobId) => $"job:{jobId:D}:words";

    /// <summary>Whether <paramref name="result"/>, a <see cref="ScanResult"/> as JSON, leaves its place for the words empty.</summary>
    public static bool AreMissingIn(JsonElement result) =>
        Member(Member(Member(Member(result, Pipeline), Classification), Meta), UserInput) is { ValueKind: JsonValueKind.Null };

    /// <summary>A copy of <paramref name="result"/> with <paramref name="text"/> in the place that it leaves empty.</summary>
    public static JsonElement PutInto(JsonElement result, string text)
    {
        var copy = JsonObject.Create(result)!;
        copy[Pipeline] = PutInto((JsonObject)copy[Pipeline]!, text);
        return JsonSerializer.SerializeToElement(copy, ContractsJson.Default.JsonObject);
    }

    /// <summary>The same for <see cref="ScanResult.PipelineResult"/>; if no place is empty it stays as it is.</summary>
    public static JsonObject? PutInto(JsonObject? pipeline, string text)
    {
        if (pipeline?[Classification]?[Meta] is not JsonObject meta || !meta.TryGetPropertyValue(UserInput, out var said) || said is not null)
        {
            return pipeline;
        }

        var copy = (JsonObject)pipeline.DeepClone();
        copy[Classification]![Meta]![UserInput] = text;
        return copy;
    }

    private static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) ? value : null;
}
