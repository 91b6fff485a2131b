using System.Buffers;
using System.Text;

namespace Eco2.ModelStandIn;

/// <summary>Answers <c>POST /v1/chat/completions</c>. Nothing is parsed: what it must know is found by searching the bytes.</summary>
internal sealed class ChatCall(Behaviour behaviour, CallBook book, TimeProvider clock)
{
    public const int MostBytes = 16 << 20;

    public async Task AnswerAsync(HttpContext http)
    {
        var settings = behaviour.Settings;
        var (body, length) = await ReadAsync(http.Request, http.RequestAborted);
        var call = ChatRequest.Read(body.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(body);
        var began = clock.GetTimestamp();
        var fate = Behaviour.Draw(settings);
        var think = fate is Fate.Error or Fate.RateLimited ? TimeSpan.Zero : behaviour.Think(settings, call.IsVision);
        try
        {
            if (fate == Fate.Hang)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, clock, http.RequestAborted);
            }

            if (think > TimeSpan.Zero)
            {
                await Task.Delay(think, clock, http.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The caller gave up or died. It spent this long with us all the same.
            book.Add(call, fate, clock.GetElapsedTime(began), leftEarly: true);
            return;
        }

        book.Add(call, fate, think, leftEarly: false);
        await WriteAsync(http, call, fate, settings);
    }

    private static async Task<(byte[] Body, int Length)> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        var body = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength + 1 ?? 256 * 1024, MostBytes));
        var length = 0;
        while (await request.Body.ReadAsync(body.AsMemory(length), ct) is > 0 and var read)
        {
            length += read;
            if (length == body.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(body.Length * 2);
                body.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(body);
                body = larger;
            }
        }

        return (body, length);
    }

    private static async Task WriteAsync(HttpContext http, ChatRequest call, Fate fate, Settings settings)
    {
        var response = http.Response;
        response.ContentType = "application/json";
        switch (fate)
        {
            case Fate.Error:
                response.StatusCode = 500;
                await response.Body.WriteAsync("""{"error":{"message":"The server had an error."}}"""u8.ToArray(), http.RequestAborted);
                break;
            case Fate.RateLimited:
                response.StatusCode = 429;
                response.Headers.RetryAfter = $"{settings.RetryAfterSeconds}";
                await response.Body.WriteAsync("""{"error":{"message":"Rate limit reached.","code":"rate_limit_exceeded"}}"""u8.ToArray(), http.RequestAborted);
                break;
            case Fate.Garbage:
                response.ContentType = "text/html";
                await response.Body.WriteAsync("<html><body>It works!</body></html>"u8.ToArray(), http.RequestAborted);
                break;
            case Fate.HalfBody:
                var whole = Completion.For(call);
                response.ContentLength = whole.Length;
                await response.Body.WriteAsync(whole.AsMemory(0, whole.Length / 2), http.RequestAborted);
                await response.Body.FlushAsync(http.RequestAborted);
                http.Abort();
                break;
            default:
                var answer = Completion.For(call);
                response.ContentLength = answer.Length;
                await response.Body.WriteAsync(answer, http.RequestAborted);
                break;
        }
    }
}

/// <summary>What the stand-in must know about a request.</summary>
/// <param name="IsVision">It asks what is in a photo; else it asks for the wording of a rule.</param>
/// <param name="Job">The number behind <c>eco2-load-</c> in the sender's words, by which both calls of a job are known; 0 without one.</param>
/// <param name="Sources">The JSON strings that the answer's steps may name, as they stand in the schema, commas between; empty for vision.</param>
internal readonly record struct ChatRequest(bool IsVision, long Job, byte[] Sources)
{
    public static ChatRequest Read(ReadOnlySpan<byte> body)
    {
        var vision = body.IndexOf("\"name\":\"sights\""u8) >= 0;
        return new ChatRequest(vision, JobOf(body), vision ? [] : SourcesOf(body));
    }

    private static long JobOf(ReadOnlySpan<byte> body)
    {
        var marker = "eco2-load-"u8;
        var at = body.IndexOf(marker);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(body[(at + marker.Length)..], out long job, out _) ? job : 0;
    }

    private static byte[] SourcesOf(ReadOnlySpan<byte> body)
    {
        // In the facts the quotes are escaped, so this is the schema's.
        var at = body.IndexOf("\"source\":{"u8);
        if (at < 0)
        {
            return [];
        }

        var rest = body[at..];
        var list = "\"enum\":["u8;
        var begin = rest.IndexOf(list) + list.Length;
        var end = rest[begin..].IndexOf((byte)']');
        return end < 0 ? [] : rest.Slice(begin, end).ToArray();
    }

    public override string ToString() => $"{(IsVision ? "vision" : "answer")} {Job} {Encoding.UTF8.GetString(Sources)}";
}
