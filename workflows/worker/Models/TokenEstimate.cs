using System.Runtime.InteropServices;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Models;

/// <summary>What a call may cost, before the provider has counted. Only its size matters: it is put right afterwards.</summary>
internal static class TokenEstimate
{
    // English has about four characters to a token, Korean one to two; our prompts are mostly English.
    private const int CharactersPerToken = 3;
    private const int Picture = 1100;
    private const int Answer = 500;

    internal static int Of(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var total = options?.MaxOutputTokens ?? Answer;
        foreach (var content in messages.SelectMany(message => message.Contents))
        {
            total += content is TextContent text ? text.Text.Length / CharactersPerToken : Picture;
        }

        return options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema }
            ? total + (JsonMarshal.GetRawUtf8Value(schema).Length / CharactersPerToken)
            : total;
    }
}
