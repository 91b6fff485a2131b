using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>A bulk publish is one call to the outbound policy of the component.</summary>
public sealed class BulkPublishPolicyTests(RedisFixture redis, RabbitMqFixture rabbitMq) : IClassFixture<RedisFixture>, IClassFixture<RabbitMqFixture>
{
    private const string ThreeMessages = """
        [{"entryId":"1","event":1,"contentType":"application/json"},{"entryId":"2","event":2,"contentType":"application/json"},{"entryId":"3","event":3,"contentType":"application/json"}]
        """;

    [Fact]
    public async Task Many_messages_that_fail_at_once_are_one_failure_to_a_circuit_breaker()
    {
        await redis.AskAsync("SET", "nostream", "x");
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + Policy("circuitBreaker: twice"), ("a", null));

        using var first = await BulkAsync(host, "nostream", ThreeMessages);
        using var well = await host.PublishAsync("stream", "1");
        await BulkAsync(host, "nostream", ThreeMessages);
        await BulkAsync(host, "nostream", ThreeMessages);
        using var open = await BulkAsync(host, "stream", ThreeMessages);

        Assert.Equal(500, (int)first.StatusCode);
        Assert.All(await FailedAsync(first), error => Assert.StartsWith("WRONGTYPE", error.Why, StringComparison.Ordinal));
        Assert.Equal(204, (int)well.StatusCode);
        Assert.Equal([("1", "circuit breaker is open"), ("2", "circuit breaker is open"), ("3", "circuit breaker is open")], (await FailedAsync(open)).AsEnumerable());
        Assert.Equal(1, (await redis.AskAsync("XLEN", "stream")).Number);
    }

    [Fact]
    public async Task Only_what_the_broker_did_not_take_is_tried_again()
    {
        await rabbitMq.WatchAsync("halfgood");
        await using var host = await PubSubHost.StartAsync(rabbitMq.PubSub() + Policy("retry: again"), ("a", null));

        using var answer = await BulkAsync(
            host,
            "halfgood",
            $$"""[{"entryId":"1","event":1,"contentType":"application/json"},{"entryId":"2","event":2,"contentType":"application/json","metadata":{"messageID":"{{new string('x', 300)}}"} }]""");

        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Equal("2", Assert.Single(await FailedAsync(answer)).Id);
        await host.PublishAsync("halfgood", "\"last\"");
        await Eventually.TrueAsync(async () => (await rabbitMq.MessagesAsync("halfgood")).Any(one => Encoding.UTF8.GetString(one).Contains("last", StringComparison.Ordinal)), "the last one");
        Assert.Equal(2, (await rabbitMq.MessagesAsync("halfgood")).Count);
    }

    private static string Policy(string target) => $$"""

        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: resiliency }
        spec:
          policies:
            retries: { again: { policy: constant, duration: 10ms, maxRetries: 2 } }
            circuitBreakers: { twice: { maxRequests: 1, timeout: 600s, trip: consecutiveFailures >= 2 } }
          targets:
            components:
              pubsub: { outbound: { {{target}} } }

        """;

    private static Task<HttpResponseMessage> BulkAsync(PubSubHost host, string topic, string entries) =>
        host.PostAsync($"/v1.0/publish/bulk/pubsub/{topic}", Encoding.UTF8.GetBytes(entries), "application/json");

    private static async Task<List<(string Id, string Why)>> FailedAsync(HttpResponseMessage answer)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return [.. json.RootElement.GetProperty("failedEntries").EnumerateArray().Select(one => (one.GetProperty("entryId").GetString()!, one.GetProperty("error").GetString()!))];
    }
}
