using Dapr.Client.Autogen.Grpc.v1;

namespace EmbeddedSidecar.Conversation;

/// <summary>conversation.echo: says what it was told and calls every tool it was offered.</summary>
internal sealed class EchoConversation : IConversation
{
    public IReadOnlyList<string> Capabilities => [];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public ValueTask<ChatAnswer> ConverseAsync(ChatRequest request, CancellationToken ct)
    {
        var calls = request.Tools.Select((tool, index) => new ChatToolCall($"{index}", tool.Name, Arguments(tool))).ToList();
        calls.AddRange(request.Messages.SelectMany(message => message.ToolCalls));
        var content = string.Join('\n', request.Messages.SelectMany(message => message.ToolName is not null
            ? message.Texts.Select(text => $"Tool Response for tool ID '{message.ToolId}' with name '{message.ToolName}': {text}")
            : message.Texts));
        var words = (ulong)content.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        var usage = new ConversationResultAlpha2CompletionUsage { CompletionTokens = words, PromptTokens = words, TotalTokens = words + words };
        return ValueTask.FromResult(new ChatAnswer([new ChatChoice(calls.Count > 0 ? "tool_calls" : "stop", content, calls)], null, usage));
    }

    private static string Arguments(ConversationToolsFunction tool)
    {
        if (tool.Parameters?.Fields.TryGetValue("properties", out var properties) != true)
        {
            return "";
        }

        return properties!.StructValue is { } named
            ? string.Join(',', named.Fields.Keys.Order(StringComparer.Ordinal))
            : throw new ConversationException("tool function properties must be an object");
    }
}
