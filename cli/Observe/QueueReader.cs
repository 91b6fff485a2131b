using System.Text.Json;
using Eco2.Cli.Up;

namespace Eco2.Cli.Observe;

/// <summary>Who hears what, as the sidecars tell, and what waits there, as the brokers tell that this run started.</summary>
internal sealed class QueueReader(RunningSystem system, HttpClient http, TimeProvider clock) : IAsyncDisposable
{
    private readonly Dictionary<string, IReadOnlyList<Hearing>> heard = new(StringComparer.Ordinal);
    private readonly RedisQueues? redis = system.Settings.TryGetValue("ECO2_REDIS_HOST", out var address) ? new RedisQueues(address, system.Settings["ECO2_REDIS_PASSWORD"], clock) : null;
    private readonly RabbitMqQueues? rabbitMq = system.Settings.TryGetValue("ECO2_RABBITMQ", out var url) ? new RabbitMqQueues(url) : null;

    public async Task<IReadOnlyList<QueueLine>> ReadAsync(CancellationToken ct)
    {
        foreach (var app in system.Apps.Where(app => app.Name == app.AppId && !heard.ContainsKey(app.AppId)))
        {
            if (await AskAsync(app, ct) is { } subscriptions)
            {
                heard.Add(app.AppId, subscriptions);
            }
        }

        var all = heard.Values.SelectMany(subscriptions => subscriptions).OrderBy(one => (one.IsDead, one.Topic, one.App)).ToList();
        var groups = redis is null ? [] : await redis.ReadAsync([.. all.Where(one => one.Type == "pubsub.redis").Select(one => one.Topic).Distinct(StringComparer.Ordinal)], ct) ?? [];
        var lines = new List<QueueLine>(all.Count);
        foreach (var one in all)
        {
            lines.Add(one.Type switch
            {
                "pubsub.redis" => Line(one, [.. groups.Where(group => group.Topic == one.Topic)]),
                "pubsub.rabbitmq" when rabbitMq is not null => Line(one) with { Waiting = await rabbitMq.WaitingAsync($"{one.App}-{one.Topic}", ct) },
                _ => Line(one),
            });
        }

        return lines;
    }

    public async ValueTask DisposeAsync()
    {
        if (rabbitMq is not null)
        {
            await rabbitMq.DisposeAsync();
        }
    }

    private static QueueLine Line(Hearing one) => new(one.Topic, one.App, one.Component, one.IsDead, null, null, null);

    /// <summary>Where every replica hears for itself the groups have names of their own, and the one that is furthest behind counts.</summary>
    private static QueueLine Line(Hearing one, IReadOnlyList<RedisGroup> groups)
    {
        var own = groups.Where(group => group.Name == one.App).ToList();
        var counted = own.Count > 0 ? own : groups;
        return Line(one) with
        {
            Waiting = counted.Max(group => group.Waiting),
            Underway = counted.Select(group => (long?)group.Underway).Max(),
            AgeMs = counted.Max(group => group.AgeMs),
        };
    }

    private async Task<IReadOnlyList<Hearing>?> AskAsync(AppPlan app, CancellationToken ct)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{app.DaprHttpPort}/v1.0/metadata") { Headers = { { "dapr-api-token", system.Tokens.Dapr } } };
            using var response = await http.SendAsync(request, ct);
            response.EnsureSuccessStatusCode();
            return Subscriptions(app.AppId, await response.Content.ReadAsStringAsync(ct));
        }
        catch (Exception notNow) when (notNow is HttpRequestException or JsonException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>What a sidecar's <c>/v1.0/metadata</c> says of it. daprd leaves a list out where it is empty.</summary>
    internal static IReadOnlyList<Hearing> Subscriptions(string app, string metadata)
    {
        var said = JsonElement.Parse(metadata);
        var types = List(said, "components").ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("type").GetString()!, StringComparer.Ordinal);
        return
        [
            .. List(said, "subscriptions").Select(one => (Topic: one.GetProperty("topic").GetString()!, Component: one.GetProperty("pubsubname").GetString()!))
                .Select(one => new Hearing(app, one.Topic, one.Component, types.GetValueOrDefault(one.Component, ""))),
        ];

        static IEnumerable<JsonElement> List(JsonElement from, string name) => from.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
    }

    internal sealed record Hearing(string App, string Topic, string Component, string Type)
    {
        public bool IsDead => Topic.EndsWith(".dead", StringComparison.Ordinal);
    }
}
