using System.Text.Json;
using Eco2.Contracts.Scan;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Models;

/// <summary>What a model gave, after at most one repair.</summary>
/// <param name="Value">Null when even the repaired output does not hold.</param>
/// <param name="Problems">Why not.</param>
/// <param name="Use">Both calls together.</param>
internal sealed record Structured<T>(T? Value, IReadOnlyList<string> Problems, ModelUse Use)
    where T : class;

/// <summary>Asks a model for JSON of a schema, checks it, and gives the model one chance to mend it.</summary>
internal static class StructuredChat
{
    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        MaxDepth = 16,
    };

    /// <param name="choice">Whom to ask.</param>
    /// <param name="messages">Without an answer.</param>
    /// <param name="format">What the answer must look like.</param>
    /// <param name="repair">Prompt with a hole for the problems.</param>
    /// <param name="check">What of the answer does not hold; null when it does.</param>
    /// <param name="clock">For the latency.</param>
    /// <param name="ct">Ends it.</param>
    internal static async Task<Structured<T>> AskAsync<T>(
        ModelChoice choice,
        IReadOnlyList<ChatMessage> messages,
        ChatResponseFormat format,
        string repair,
        Func<T, IReadOnlyList<string>> check,
        TimeProvider clock,
        CancellationToken ct)
        where T : class
    {
        var options = new ChatOptions
        {
            ModelId = choice.Model,
            ResponseFormat = format,
        };
        var (began, use) = (clock.GetTimestamp(), new ModelUse(choice.Provider, choice.Model, 0));
        List<ChatMessage> talk = [.. messages];
        for (var attempt = 1; ; attempt++)
        {
            var response = await choice.Client.GetResponseAsync(talk, options, ct);
            use = use with
            {
                Name = response.ModelId is { Length: > 0 } name ? name : choice.Model,
                LatencyMs = (long)clock.GetElapsedTime(began).TotalMilliseconds,
                InputTokens = Sum(use.InputTokens, response.Usage?.InputTokenCount),
                OutputTokens = Sum(use.OutputTokens, response.Usage?.OutputTokenCount),
            };
            var (value, problems) = Read(response.Text, check);
            if (problems.Count == 0 || attempt == 2)
            {
                return new Structured<T>(problems.Count == 0 ? value : null, problems, use);
            }

            talk = [.. messages, new ChatMessage(ChatRole.Assistant, response.Text), new ChatMessage(ChatRole.User, repair.Replace("{{problems}}", string.Join('\n', problems.Take(20).Select(p => $"- {p}")), StringComparison.Ordinal))];
        }
    }

    private static (T? Value, IReadOnlyList<string> Problems) Read<T>(string text, Func<T, IReadOnlyList<string>> check)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Unfenced(text), Reading) is { } value ? (value, check(value)) : (null, ["it is null"]);
        }
        catch (JsonException e)
        {
            return (null, [$"it is not JSON of the schema, at {e.Path ?? "$"}"]);
        }
    }

    /// <summary>Some models wrap JSON in a code fence however they are asked.</summary>
    private static string Unfenced(string text)
    {
        var trimmed = text.Trim();
        return trimmed.StartsWith("```", StringComparison.Ordinal) && trimmed.EndsWith("```", StringComparison.Ordinal) && trimmed.IndexOf('\n') is > 0 and var line
            ? trimmed[line..^3]
            : trimmed;
    }

    private static long? Sum(long? a, long? b) => a is null && b is null ? null : (a ?? 0) + (b ?? 0);
}
