using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace SidecarBench;

/// <summary>One run: 16 publishers, one subscriber, each message once.</summary>
internal sealed class PubSubRun(int messages)
{
    private static readonly string _filler = new('x', 800);
    private static int _runs;

    private readonly long[] _sent = new long[messages];
    private readonly double[] _waits = new double[messages];
    private readonly TaskCompletionSource _all = new();
    private int _arrived;
    private int _calls;

    public static async Task<Result> RunAsync(RedisServer redis, bool bulkSubscribe, int bulkPublish, int messages)
    {
        var run = new PubSubRun(messages);
        var topic = string.Create(CultureInfo.InvariantCulture, $"bench{++_runs}");
        await using var app = run.App();
        await app.StartAsync();
        var resources = $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: pubsub }
            spec:
              type: pubsub.redis
              version: v1
              metadata:
                - { name: redisHost, value: "{{redis.Host}}" }
                - { name: concurrency, value: "100" }
                - { name: queueDepth, value: "200" }
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: bench }
            spec:
              pubsubname: pubsub
              topic: {{topic}}
              routes: { default: /in }
              bulkSubscribe: { enabled: {{(bulkSubscribe ? "true" : "false")}}, maxMessagesCount: 100, maxAwaitDurationMs: 5 }
            """;
        await using var host = await SidecarHost.StartAsync(
            new SidecarOptions
            {
                Apps = [new AppSettings { AppId = "bench", AppPort = new Uri(app.Urls.First()).Port, InlineResources = resources }],
                Logs = LoggerFactory.Create(_ => { }),
            },
            CancellationToken.None);
        await host.Apps[0].WaitUntilReadyAsync(CancellationToken.None);

        using var http = new HttpClient { BaseAddress = host.Apps[0].HttpEndpoint };
        var began = Stopwatch.GetTimestamp();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            var size = Math.Max(1, bulkPublish);
            for (var first = Interlocked.Add(ref next, size) - size + 1; first < messages; first = Interlocked.Add(ref next, size) - size + 1)
            {
                await run.PublishAsync(http, topic, first, Math.Min(size, messages - first), bulkPublish > 0);
            }
        }));
        var published = Stopwatch.GetElapsedTime(began);
        await run._all.Task;
        var delivered = Stopwatch.GetElapsedTime(began);
        Array.Sort(run._waits);
        return new Result(messages / published.TotalSeconds, messages / delivered.TotalSeconds, run._waits, run._calls);
    }

    private async Task PublishAsync(HttpClient http, string topic, int first, int count, bool bulk)
    {
        Array.Fill(_sent, Stopwatch.GetTimestamp(), first, count);
        var one = (int i) => $"{{\"n\":{i},\"filler\":\"{_filler}\"}}";
        var body = bulk
            ? $"[{string.Join(',', Enumerable.Range(first, count).Select(i => $"{{\"entryId\":\"{i}\",\"contentType\":\"application/json\",\"event\":{one(i)}}}"))}]"
            : one(first);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(bulk ? $"/v1.0/publish/bulk/pubsub/{topic}" : $"/v1.0/publish/pubsub/{topic}", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
    }

    private WebApplication App()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(HandleAsync);
        return app;
    }

    private async Task HandleAsync(HttpContext http)
    {
        if (http.Request.Path != "/in")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        Interlocked.Increment(ref _calls);
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        if (!body.RootElement.TryGetProperty("entries", out var entries))
        {
            Arrive(body.RootElement);
            return;
        }

        var answer = new StringBuilder("{\"statuses\":[");
        foreach (var entry in entries.EnumerateArray())
        {
            Arrive(entry.GetProperty("event"));
            answer.Append(answer[^1] == '[' ? "" : ",").Append("{\"entryId\":\"").Append(entry.GetProperty("entryId").GetString()).Append("\",\"status\":\"SUCCESS\"}");
        }

        await http.Response.WriteAsync(answer.Append("]}").ToString());
    }

    private void Arrive(JsonElement cloudEvent)
    {
        var n = cloudEvent.GetProperty("data").GetProperty("n").GetInt32();
        _waits[n] = Stopwatch.GetElapsedTime(_sent[n]).TotalMilliseconds;
        if (Interlocked.Increment(ref _arrived) == messages)
        {
            _all.TrySetResult();
        }
    }
}
