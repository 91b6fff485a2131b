using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Conversation;

/// <summary>A conversation as the body of a chat completion.</summary>
internal static class OpenAiRequest
{
    public static void Write(Utf8JsonWriter json, string model, ChatRequest request)
    {
        json.WriteStartObject();
        json.WriteString("model", model);
        json.WriteStartArray("messages");
        foreach (var message in SystemTold(model, request.Messages))
        {
            Write(json, message);
        }

        json.WriteEndArray();

        // Models that reason choose their own; to all others nothing said is 0.
        if (!(model == "o3" || model.StartsWith("o1-", StringComparison.Ordinal) || model.StartsWith("o3-", StringComparison.Ordinal) || model.StartsWith("gpt-5", StringComparison.Ordinal)))
        {
            json.WriteNumber("temperature", Math.Max(0, request.Temperature));
        }

        if (request.Tools.Count > 0)
        {
            WriteTools(json, request);
        }

        if (request.ToolChoice is { } choice)
        {
            json.WriteString("tool_choice", choice);
        }

        if (request.ResponseFormat is { } schema)
        {
            OpenAiSchema.Write(json, schema);
        }

        var metadata = request.Metadata.Where(pair => pair.Key != "thinking_config" && !pair.Key.StartsWith("openai:", StringComparison.Ordinal)).ToList();
        if (metadata.Count > 0)
        {
            json.WriteStartObject("metadata");
            foreach (var (name, value) in metadata)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ChatRequest request)
    {
        json.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            if (tool.Description.Length > 0)
            {
                json.WriteString("description", tool.Description);
            }

            json.WritePropertyName("parameters");
            json.WriteRawValue(JsonFormatter.Default.Format(tool.Parameters ?? new Struct()));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // The first models that reason take nothing from the system: its words go before the first of the user.
    private static IEnumerable<ChatMessage> SystemTold(string model, IReadOnlyList<ChatMessage> messages)
    {
        if (model.ToUpperInvariant() is not ("O1" or "O1-MINI" or "O1-PREVIEW" or "O3" or "O3-MINI" or "O3-PREVIEW"))
        {
            return messages;
        }

        var told = string.Join("\n\n", messages.Where(message => message.Role == "system").SelectMany(message => message.Texts));
        var others = messages.Where(message => message.Role != "system").ToList();
        var user = others.FindIndex(message => message.Role == "user");
        if (told.Length > 0 && user >= 0)
        {
            others[user] = others[user] with { Texts = [told + "\n\n", .. others[user].Texts] };
        }

        return others;
    }

    private static void Write(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Role == "tool")
        {
            WriteAnswer(json, message);
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", message.Role);
        if (message.Texts.Count <= 1)
        {
            json.WriteString("content", message.Texts.Count == 1 ? message.Texts[0] : "");
        }
        else
        {
            json.WriteStartArray("content");
            foreach (var text in message.Texts)
            {
                json.WriteStartObject();
                json.WriteString("type", "text");
                json.WriteString("text", text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (message.ToolCalls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in message.ToolCalls)
            {
                json.WriteStartObject();
                json.WriteString("id", call.Id);
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", call.Name);
                json.WriteString("arguments", call.Arguments);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // A message of a tool answers one call with one text.
    private static void WriteAnswer(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.ToolName is null)
        {
            throw new ConversationException("expected part of type ToolCallResponse for role tool, got llms.TextContent");
        }

        if (message.Texts.Count != 1)
        {
            throw new ConversationException($"expected exactly one part for role tool, got {message.Texts.Count}");
        }

        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("content", message.Texts[0]);
        json.WriteString("tool_call_id", message.ToolId);
        json.WriteEndObject();
    }
}
