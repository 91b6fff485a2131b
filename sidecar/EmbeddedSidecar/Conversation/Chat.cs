using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Conversation;

/// <summary>A model to talk to, or something that stands for one.</summary>
internal interface IConversation : IComponent
{
    /// <exception cref="ConversationException">It could not be reached, or refused.</exception>
    ValueTask<ChatAnswer> ConverseAsync(ChatRequest request, CancellationToken ct);
}

/// <summary>What both versions of the API come down to.</summary>
/// <param name="Temperature">0 = the model's own.</param>
/// <param name="ToolChoice">auto, none, required, a tool's name, or null.</param>
internal sealed record ChatRequest(
    IReadOnlyList<ChatMessage> Messages,
    IReadOnlyList<ConversationToolsFunction> Tools,
    string? ToolChoice,
    double Temperature,
    Struct? ResponseFormat,
    IReadOnlyDictionary<string, string> Metadata);

/// <param name="Role">user, system, assistant, tool or function.</param>
internal sealed record ChatMessage(string Role, IReadOnlyList<string> Texts)
{
    /// <summary>Calls an assistant asked for earlier.</summary>
    public IReadOnlyList<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>Which call of a tool is answered.</summary>
    public string ToolId { get; init; } = "";

    /// <summary>Which tool answers, or null when this is no answer of a tool.</summary>
    public string? ToolName { get; init; }
}

internal sealed record ChatToolCall(string Id, string Name, string Arguments);

internal sealed record ChatChoice(string FinishReason, string Content, IReadOnlyList<ChatToolCall> ToolCalls);

/// <param name="Model">The name of the model, or null if there is none behind it.</param>
internal sealed record ChatAnswer(IReadOnlyList<ChatChoice> Choices, string? Model, ConversationResultAlpha2CompletionUsage? Usage);

internal sealed class ConversationException(string message, Exception? inner = null) : Exception(message, inner);
