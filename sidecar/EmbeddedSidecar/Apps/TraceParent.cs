using System.Diagnostics;
using EmbeddedSidecar.Telemetry;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Apps;

/// <summary>W3C trace headers: the caller's trace goes on with a span of ours; without one a trace begins here.</summary>
internal static class TraceParent
{
    public const string Header = "traceparent";

    /// <summary>The traceparent to send onwards: of the span of ours that is open, else of one that nobody is told of.</summary>
    /// <param name="incoming">What came in; anything malformed counts as absent.</param>
    public static string Next(StringValues incoming)
    {
        if (AppTracer.Here is { } span)
        {
            return span;
        }

        var text = incoming.Count > 0 ? incoming[0] : null;
        return IsValid(text)
            ? string.Concat(text.AsSpan(0, 36), ActivitySpanId.CreateRandom().ToHexString(), text.AsSpan(52, 3))
            : $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-01";
    }

    private static bool IsValid(string? text) =>
        text is { Length: >= 55 } && text[2] == '-' && text[35] == '-' && text[52] == '-'
        && ActivityContext.TryParse(text, null, out _);
}
