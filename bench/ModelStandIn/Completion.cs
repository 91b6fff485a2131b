using System.Collections.Concurrent;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Eco2.ModelStandIn;

/// <summary>The answers: for vision rendered once, for wording put together from the sources that the request offers.</summary>
internal static class Completion
{
    private const string Head = """{"id":"chatcmpl-1","object":"chat.completion","created":1900000000,"model":"stand-in","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":""";
    private const string Tail = """}}],"usage":{"prompt_tokens":1830,"completion_tokens":140,"total_tokens":1970}}""";
    private const string UserAnswer = "내용물을 비우고 깨끗이 헹군 다음 다른 재질은 떼어서 전용 수거함에 넣어 주세요. 정말 잘하고 있어요!";

    // As providers do: Korean as it is, not as escapes.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Different things, so that jobs take different rules and users earn different characters.</summary>
    private static readonly byte[][] Sights =
    [
        Sight("recyclable", "clear_pet", "clear_pet.water", "contents_empty", "label_removed"),
        Sight("recyclable", "metal", "metal.al_can", "contents_empty"),
        Sight("recyclable", "glass", "glass.clear", "contents_empty"),
        Sight("recyclable", "paper", "paper.corrugated"),
        Sight("recyclable", "plastics", "plastics.pe_container", "contents_empty"),
    ];

    private static readonly string[] Texts = [.. Enumerable.Range(1, 20).Select(n => $"{n}번째로 할 일이에요.")];

    /// <summary>By the sources they name; there are as many as there are rules.</summary>
    private static readonly ConcurrentDictionary<string, byte[]> Wordings = new(StringComparer.Ordinal);

    public static byte[] For(ChatRequest call) => call.IsVision
        ? Sights[call.Job % Sights.Length]
        : Wordings.GetOrAdd(Encoding.UTF8.GetString(call.Sources), Words);

    private static byte[] Sight(string major, string middle, string? item, params string[] tags) => Whole(new JsonObject
    {
        ["objects"] = new JsonArray(new JsonObject
        {
            ["major"] = major,
            ["middle"] = middle,
            ["item"] = item,
            ["label"] = null,
            ["confidence"] = 0.97,
            ["tags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["tag"] = tag, ["confidence"] = 0.9 })]),
        }),
    }.ToJsonString(Plain));

    /// <summary>Every source that the schema offers gets its step, up to the ten that may be.</summary>
    private static byte[] Words(string sources)
    {
        var given = JsonSerializer.Deserialize($"[{sources}]", ControlJson.Default.StringArray)!;
        return Whole(new JsonObject
        {
            ["headline"] = "이렇게 버려 주세요.",
            ["steps"] = new JsonArray([.. given.Take(10).Select((source, n) => new JsonObject { ["text"] = Texts[n], ["source"] = source })]),
            ["insufficiencies"] = new JsonArray(),
            ["user_answer"] = UserAnswer,
        }.ToJsonString(Plain));
    }

    /// <summary>The content is a JSON text inside a JSON text.</summary>
    private static byte[] Whole(string content) => Encoding.UTF8.GetBytes($"{Head}{JsonValue.Create(content).ToJsonString(Plain)}{Tail}");
}
