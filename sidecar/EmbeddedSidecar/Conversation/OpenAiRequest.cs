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
        foreach (var message in request.Messages)
        {
            Write(json, message);
        }

        json.WriteEndArray();
        if (request.Temperature > 0)
        {
            json.WriteNumber("temperature", request.Temperature);
        }

        if (request.Tools.Count > 0)
        {
            WriteTools(json, request);
        }

        if (request.ToolChoice is { } choice)
        {
            json.WriteString("tool_choice", choice == "any" ? "required" : choice);
        }

        if (request.ResponseFormat is { } schema)
        {
            json.WriteStartObject("response_format");
            json.WriteString("type", "json_schema");
            json.WriteStartObject("json_schema");
            json.WriteString("name", schema.Fields.TryGetValue("title", out var title) && title.StringValue is { Length: > 0 } named ? named : "response");
            Write(json, "schema", schema);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (request.Metadata.Count > 0)
        {
            json.WriteStartObject("metadata");
            foreach (var (name, value) in request.Metadata)
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

            if (tool.Parameters is { } parameters)
            {
                Write(json, "parameters", parameters);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // A tool message answers one call; several contents are several messages.
    private static void Write(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.ToolName is not null)
        {
            foreach (var text in message.Texts)
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("content", text);
                json.WriteString("name", message.ToolName);
                json.WriteString("tool_call_id", message.ToolId);
                json.WriteEndObject();
            }

            return;
        }

        json.WriteStartObject();
        json.WriteString("role", message.Role);
        if (message.Texts.Count == 1)
        {
            json.WriteString("content", message.Texts[0]);
        }
        else if (message.Texts.Count > 1)
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

    private static void Write(Utf8JsonWriter json, string name, Struct value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonFormatter.Default.Format(value));
    }
}
