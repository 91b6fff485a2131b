using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using AiMessage = Microsoft.Extensions.AI.ChatMessage;
using AiFinish = Microsoft.Extensions.AI.ChatFinishReason;

namespace Eco2.Worker.Models;

/// <summary><see cref="IChatClient"/> over the OpenAI package: texts, pictures as data URLs, answers by JSON schema, token counts.</summary>
internal sealed class OpenAiChat : IChatClient
{
    private readonly OpenAIClient client;
    private readonly OpenAIClient clientForPictures;
    private readonly PicturesOnTheWay pictures = new();
    private readonly string defaultModel;
    private readonly ChatClientMetadata metadata;

    internal OpenAiChat(HttpClient http, Uri? baseUrl, string apiKey, string defaultModel)
    {
        this.defaultModel = defaultModel;
        client = new OpenAIClient(new ApiKeyCredential(apiKey), Options(http, baseUrl));
        var options = Options(http, baseUrl);
        options.AddPolicy(pictures, PipelinePosition.BeforeTransport);
        clientForPictures = new OpenAIClient(new ApiKeyCredential(apiKey), options);
        metadata = new ChatClientMetadata(Provider.OpenAI, baseUrl, defaultModel);
    }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<AiMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var model = options?.ModelId ?? defaultModel;
        using var request = new Request(pictures);
        var sent = messages.Select(request.Message).ToList();
        ChatCompletion completion = await ClientOf(request).GetChatClient(model).CompleteChatAsync(sent, Options(options), cancellationToken);
        return new ChatResponse(new AiMessage(ChatRole.Assistant, string.Concat(completion.Content.Select(part => part.Text))))
        {
            ResponseId = completion.Id,
            ModelId = completion.Model,
            CreatedAt = completion.CreatedAt,
            FinishReason = Finish(completion.FinishReason),
            Usage = Usage(completion.Usage),
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<AiMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var model = options?.ModelId ?? defaultModel;
        using var request = new Request(pictures);
        var sent = messages.Select(request.Message).ToList();
        await foreach (var part in ClientOf(request).GetChatClient(model).CompleteChatStreamingAsync(sent, Options(options), cancellationToken))
        {
            var update = new ChatResponseUpdate(ChatRole.Assistant, string.Concat(part.ContentUpdate.Select(c => c.Text)))
            {
                ResponseId = part.CompletionId,
                ModelId = part.Model,
                CreatedAt = part.CreatedAt,
                FinishReason = part.FinishReason is { } reason ? Finish(reason) : null,
            };
            if (Usage(part.Usage) is { } usage)
            {
                update.Contents.Add(new UsageContent(usage));
            }

            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? metadata
        : serviceType.IsInstanceOfType(client) ? client
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
        // The HTTP client belongs to whoever gave it.
    }

    // Only a request that holds a picture is written out before it is sent.
    private OpenAIClient ClientOf(Request request) => request.HasPictures ? clientForPictures : client;

    private static OpenAIClientOptions Options(HttpClient http, Uri? baseUrl)
    {
        var options = new OpenAIClientOptions
        {
            Transport = new HttpClientPipelineTransport(http),
            // Timeouts and retries are one matter for all providers.
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        };
        if (baseUrl is not null)
        {
            options.Endpoint = baseUrl;
        }

        return options;
    }

    private static ChatCompletionOptions Options(ChatOptions? options)
    {
        var sent = new ChatCompletionOptions
        {
            Temperature = options?.Temperature,
            MaxOutputTokenCount = options?.MaxOutputTokens,
        };
        if (options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } json)
        {
            sent.ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat(
                json.SchemaName ?? "answer",
                BinaryData.FromString(schema.GetRawText()),
                jsonSchemaIsStrict: true);
        }
        else if (options?.ResponseFormat is ChatResponseFormatJson)
        {
            sent.ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonObjectFormat();
        }

        return sent;
    }

    private static AiFinish Finish(OpenAI.Chat.ChatFinishReason reason) => reason switch
    {
        OpenAI.Chat.ChatFinishReason.Length => AiFinish.Length,
        OpenAI.Chat.ChatFinishReason.ContentFilter => AiFinish.ContentFilter,
        _ => AiFinish.Stop,
    };

    private static UsageDetails? Usage(ChatTokenUsage? usage) => usage is null
        ? null
        : new UsageDetails
        {
            InputTokenCount = usage.InputTokenCount,
            OutputTokenCount = usage.OutputTokenCount,
            TotalTokenCount = usage.TotalTokenCount,
        };

    /// <summary>Messages in the package's words. Its pictures are known as long as the call takes.</summary>
    private sealed class Request(PicturesOnTheWay pictures) : IDisposable
    {
        private readonly List<Uri> names = [];

        internal bool HasPictures => names.Count > 0;

        internal OpenAI.Chat.ChatMessage Message(AiMessage message)
        {
            if (message.Role == ChatRole.System)
            {
                return new SystemChatMessage(message.Text);
            }

            return message.Role == ChatRole.Assistant
                ? new AssistantChatMessage(message.Text)
                : new UserChatMessage(message.Contents.Select(Part));
        }

        public void Dispose() => names.ForEach(pictures.Forget);

        private ChatMessageContentPart Part(AIContent content) => content switch
        {
            TextContent text => ChatMessageContentPart.CreateTextPart(text.Text),
            DataContent image when image.HasTopLevelMediaType("image") => Picture(image),
            _ => throw new NotSupportedException($"A message part of type {content.GetType().Name} cannot be sent."),
        };

        private ChatMessageContentPart Picture(DataContent image)
        {
            names.Add(pictures.NameOf(image));
            return ChatMessageContentPart.CreateImagePart(names[^1]);
        }
    }
}
