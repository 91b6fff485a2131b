using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Resiliency;
using Kind = Dapr.Client.Autogen.Grpc.v1.ConversationMessage.MessageTypesOneofCase;

namespace EmbeddedSidecar.Conversation;

/// <summary>Both versions of the API, whichever way they came in.</summary>
internal static class ConversationApi
{
    public static async Task<ConversationResponse> ConverseAlpha1Async(AppInstance app, ConversationRequest request, CancellationToken ct)
    {
        var model = Find(app, request.Name, request.Inputs.Count);
        RefuseScrubbing(request.Name, request.ScrubPII || request.Inputs.Any(input => input.ScrubPII));
        var messages = request.Inputs.Select(input => new ChatMessage(Role(input.Role), [input.Content])).ToList();
        var answer = await RunAsync(app, request.Name, model, new ChatRequest(messages, [], null, request.Temperature, null, new Dictionary<string, string>()), ct);
        var response = new ConversationResponse();
        if (request.ContextID.Length > 0)
        {
            response.ContextID = request.ContextID;
        }

        foreach (var choice in answer.Choices)
        {
            var result = new ConversationResult { Result = choice.Content };
            result.Parameters.Add(request.Parameters);
            response.Outputs.Add(result);
        }

        return response;
    }

    public static async Task<ConversationResponseAlpha2> ConverseAlpha2Async(AppInstance app, ConversationRequestAlpha2 request, CancellationToken ct)
    {
        var model = Find(app, request.Name, request.Inputs.Count);
        RefuseScrubbing(request.Name, request.ScrubPii || request.Inputs.Any(input => input.ScrubPii));
        var messages = request.Inputs.SelectMany(input => input.Messages).Select(message => Read(request.Name, message)).ToList();
        var tools = request.Tools.Where(tool => tool.Function is not null).Select(tool => tool.Function).ToList();
        var metadata = new Dictionary<string, string>(request.Metadata);
        if (request.PromptCacheRetention is { } retention)
        {
            metadata["prompt_cache_retention"] = Components.GoDuration.Format(retention.ToTimeSpan());
        }

        var chat = new ChatRequest(messages, tools, ToolChoice(request), request.Temperature, request.ResponseFormat, metadata);
        var answer = await RunAsync(app, request.Name, model, chat, ct);
        var response = new ConversationResponseAlpha2();
        if (request.ContextId.Length > 0)
        {
            response.ContextId = request.ContextId;
        }

        response.Outputs.Add(answer.Choices.Select((choice, index) => Output(answer, choice, index)));
        return response;
    }

    // Each choice of the model is an output of its own, as in Dapr.
    private static ConversationResultAlpha2 Output(ChatAnswer answer, ChatChoice choice, int index)
    {
        var message = new ConversationResultMessage { Content = choice.Content };
        foreach (var call in choice.ToolCalls)
        {
            var told = new ConversationToolCalls { Function = new ConversationToolCallsOfFunction { Name = call.Name, Arguments = call.Arguments } };
            if (call.Id.Length > 0)
            {
                told.Id = call.Id;
            }

            message.ToolCalls.Add(told);
        }

        var output = new ConversationResultAlpha2 { Usage = answer.Usage };
        if (answer.Model is { } model)
        {
            output.Model = model;
        }

        output.Choices.Add(new ConversationResultChoices { FinishReason = choice.FinishReason, Index = index, Message = message });
        return output;
    }

    private static IConversation Find(AppInstance app, string name, int inputs)
    {
        if (app.Components.GetValueOrDefault(name)?.Component is not IConversation model)
        {
            throw new DaprException("ERR_CONVERSATION_NOT_FOUND", 400, StatusCode.InvalidArgument, $"failed finding conversation component {name}");
        }

        return inputs > 0
            ? model
            : throw new DaprException("ERR_CONVERSATION_MISSING_INPUTS", 400, StatusCode.InvalidArgument, $"failed conversing with component {name}: missing inputs in request");
    }

    private static ChatMessage Read(string name, ConversationMessage message) => message.MessageTypesCase switch
    {
        // A developer is a user to the models that Dapr's library knows.
        Kind.OfDeveloper => new ChatMessage("user", Texts(message.OfDeveloper.Content)),
        Kind.OfUser => new ChatMessage("user", Texts(message.OfUser.Content)),
        Kind.OfSystem => new ChatMessage("system", Texts(message.OfSystem.Content)),
        Kind.OfAssistant => new ChatMessage("assistant", Texts(message.OfAssistant.Content))
        {
            ToolCalls = [.. message.OfAssistant.ToolCalls.Select(call => call.Function is { } function
                ? new ChatToolCall(call.Id, function.Name, function.Arguments)
                : throw Invalid(name, "tool types cannot be nil"))],
        },
        Kind.OfTool => new ChatMessage("tool", Texts(message.OfTool.Content)) { ToolId = message.OfTool.ToolId, ToolName = message.OfTool.Name },
        _ => throw Invalid(name, "message type cannot be nil"),
    };

    private static string? ToolChoice(ConversationRequestAlpha2 request)
    {
        switch (request.ToolChoice)
        {
            case "":
                return request.Tools.Count > 0 ? "auto" : null;
            case "auto" or "none":
                return request.ToolChoice;
            case "required":
                return request.Tools.Count > 0
                    ? "required"
                    : throw Invalid(request.Name, "tool choice must be 'auto', 'none', 'required', or a specific tool name matching the tools available to be used");
            default:
                return request.Tools.Count == 0 || request.Tools.Any(tool => tool.Function?.Name == request.ToolChoice)
                    ? request.ToolChoice
                    : throw Invalid(request.Name, "tool choice selected was not found. Must be 'auto', 'none', 'required', or a specific tool name matching the tools available to be used");
        }
    }

    private static async ValueTask<ChatAnswer> RunAsync(AppInstance app, string name, IConversation model, ChatRequest request, CancellationToken ct)
    {
        var began = app.Metrics?.Now ?? 0;
        var success = false;
        try
        {
            var answer = await app.Resiliency.ForComponentOutbound(name, "Conversation").RunAsync(token => model.ConverseAsync(request, token), ct);
            success = true;
            return answer;
        }
        catch (Exception failed) when (failed is ConversationException or TimeoutException or CircuitOpenException)
        {
            throw new DaprException("ERR_CONVERSATION_INVOKE", 500, StatusCode.Internal, $"failed conversing with component {name}: {failed.Message}", failed);
        }
        finally
        {
            app.Metrics?.ConversationInvoked(name, success, began);
        }
    }

    // Half-scrubbed text that is taken for clean would be worse than none.
    private static void RefuseScrubbing(string name, bool asked)
    {
        if (asked)
        {
            throw Invalid(name, "scrubbing personal data is not supported by the embedded sidecar");
        }
    }

    private static DaprException Invalid(string name, string why) =>
        new("ERR_CONVERSATION_INVALID_PARMS", 400, StatusCode.InvalidArgument, $"failed conversing with component {name}: invalid params: {why}");

    private static string Role(string role) => role switch
    {
        "system" or "tool" or "function" => role,
        "assistant" or "ai" => "assistant",
        _ => "user",
    };

    private static string[] Texts(IEnumerable<ConversationMessageContent> content) => [.. content.Select(one => one.Text)];
}
