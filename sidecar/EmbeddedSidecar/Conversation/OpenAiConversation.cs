using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Google.Protobuf;

namespace EmbeddedSidecar.Conversation;

/// <summary>conversation.openai: the chat completions of OpenAI, or of anything else that speaks its API at the endpoint.</summary>
internal sealed class OpenAiConversation : IConversation
{
    private readonly Uri _url;
    private readonly string _key;
    private readonly string _model;
    private readonly string? _organization;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, ActivityHeadersPropagator = null }) { Timeout = Timeout.InfiniteTimeSpan };

    public OpenAiConversation(ComponentContext context)
    {
        var metadata = context.Metadata;
        _key = metadata.Required("key");
        // The environment wins over the file.
        var model = metadata.Text("model", "gpt-5-nano");
        _model = Variable("OPENAI_MODEL") ?? model;
        _organization = Variable("OPENAI_ORGANIZATION");
        var endpoint = (metadata.Optional("endpoint") ?? Variable("OPENAI_BASE_URL") ?? Variable("OPENAI_API_BASE") ?? "https://api.openai.com/v1").TrimEnd('/');
        _url = Uri.TryCreate(endpoint + "/chat/completions", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url!
            : throw metadata.Refuse("endpoint", "is not an http address");
        if (metadata.Text("apiType", "open_ai") is var type && !type.Equals("open_ai", StringComparison.OrdinalIgnoreCase))
        {
            throw metadata.Refuse("apiType", $"\"{type}\" is not supported by the embedded sidecar; only open_ai is");
        }

        string? Variable(string name) => context.App.Settings.Variable(name) is { Length: > 0 } value ? value : null;
    }

    public IReadOnlyList<string> Capabilities => [];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<ChatAnswer> ConverseAsync(ChatRequest request, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, _url);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _key);
        if (_organization is not null)
        {
            message.Headers.TryAddWithoutValidation("OpenAI-Organization", _organization);
        }

        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            OpenAiRequest.Write(json, _model, request);
        }

        message.Content = new ReadOnlyMemoryContent(body.WrittenMemory);
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await _http.SendAsync(message, ct);
            var bytes = await response.Content.ReadAsByteArrayAsync(ct);
            if (response.StatusCode != System.Net.HttpStatusCode.OK)
            {
                throw Refused((int)response.StatusCode, bytes);
            }

            using var answer = JsonDocument.Parse(bytes);
            return Read(answer.RootElement, request);
        }
        catch (HttpRequestException unreachable)
        {
            throw new ConversationException(unreachable.Message, unreachable);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ConversationException($"the answer of {_url} is not a chat completion: {broken.Message}", broken);
        }
    }

    // Whatever stands in between may answer in a language of its own; then the status has to do.
    private static ConversationException Refused(int status, byte[] body)
    {
        var why = "";
        try
        {
            using var answer = JsonDocument.Parse(body);
            why = answer.RootElement.ValueKind == JsonValueKind.Object && answer.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
                ? ": " + Text(error, "message")
                : ": ";
        }
        catch (JsonException)
        {
            // Not the model's words.
        }

        return new ConversationException(string.Create(CultureInfo.InvariantCulture, $"API returned unexpected status code: {status}{why}"));
    }

    private ChatAnswer Read(JsonElement body, ChatRequest request)
    {
        var choices = new List<ChatChoice>();
        foreach (var choice in body.GetProperty("choices").EnumerateArray())
        {
            var message = choice.GetProperty("message");
            choices.Add(new ChatChoice(Text(choice, "finish_reason") is { Length: > 0 } reason ? reason : "unknown", Text(message, "content"), Calls(message)));
        }

        if (choices.Count == 0)
        {
            throw new ConversationException("empty response");
        }

        if (request is { ToolChoice: "required", Tools.Count: > 0 } && choices.TrueForAll(choice => choice.Content.Length == 0 && choice.ToolCalls.Count == 0))
        {
            throw new ConversationException($"LLM returned empty response with no tool calls despite {request.Tools.Count} tools being available");
        }

        return new ChatAnswer(choices, _model, body.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? Usage(usage) : null);
    }

    private static List<ChatToolCall> Calls(JsonElement message) =>
        message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array
            ? [.. calls.EnumerateArray().Select(call => (Id: Text(call, "id"), Function: call.GetProperty("function")))
                .Select(call => new ChatToolCall(call.Id, Text(call.Function, "name"), Text(call.Function, "arguments")))]
            : [];

    // What is all zeros is left out, in the whole and in each part.
    private static ConversationResultAlpha2CompletionUsage? Usage(JsonElement usage)
    {
        var read = new ConversationResultAlpha2CompletionUsage
        {
            CompletionTokens = Number(usage, "completion_tokens"),
            PromptTokens = Number(usage, "prompt_tokens"),
            TotalTokens = Number(usage, "total_tokens"),
        };
        if (read.CalculateSize() == 0)
        {
            return null;
        }

        if (usage.TryGetProperty("completion_tokens_details", out var completion) && completion.ValueKind == JsonValueKind.Object)
        {
            read.CompletionTokensDetails = Unless0(new ConversationResultAlpha2CompletionUsageCompletionTokensDetails
            {
                AcceptedPredictionTokens = Number(completion, "accepted_prediction_tokens"),
                AudioTokens = Number(completion, "audio_tokens"),
                ReasoningTokens = Number(completion, "reasoning_tokens"),
                RejectedPredictionTokens = Number(completion, "rejected_prediction_tokens"),
            });
        }

        if (usage.TryGetProperty("prompt_tokens_details", out var prompt) && prompt.ValueKind == JsonValueKind.Object)
        {
            read.PromptTokensDetails = Unless0(new ConversationResultAlpha2CompletionUsagePromptTokensDetails
            {
                AudioTokens = Number(prompt, "audio_tokens"), CachedTokens = Number(prompt, "cached_tokens"),
            });
        }

        return read;
    }

    private static T? Unless0<T>(T message)
        where T : class, IMessage => message.CalculateSize() > 0 ? message : null;

    private static string Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static ulong Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetUInt64() : 0;
}
