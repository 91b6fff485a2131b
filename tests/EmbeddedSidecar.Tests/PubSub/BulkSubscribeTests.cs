using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisBulkSubscribeTests(RedisFixture redis) : BulkSubscribeTests(redis), IClassFixture<RedisFixture>;

public sealed class RabbitMqBulkSubscribeTests(RabbitMqFixture rabbitMq) : BulkSubscribeTests(rabbitMq), IClassFixture<RabbitMqFixture>;

public abstract class BulkSubscribeTests(TestBroker broker)
{
    private const string Bulk = "bulkSubscribe: { enabled: true, maxMessagesCount: 5, maxAwaitDurationMs: 200 }\n  deadLetterTopic: ";

    [Fact]
    public async Task A_batch_is_brought_when_it_is_full_and_looks_like_daprs()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = batch => (200, BulkAnswers.All(batch, "SUCCESS"));
        await using var host = await StartAsync("full", app);

        await PublishAsync(host, "full", 5);
        await Eventually.TrueAsync(() => app.DataOn("/in").Count() == 5, "all");
        await Eventually.TrueAsync(async () => await broker.PendingAsync("full", "a") == 0, "acknowledged");

        var request = app.Requests.First();
        Assert.StartsWith("application/json", request.Headers["content-type"], StringComparison.Ordinal);
        Assert.Equal("com.dapr.event.sent.bulk", request.Json.GetProperty("type").GetString());
        Assert.Equal("full", request.Json.GetProperty("topic").GetString());
        Assert.Equal("pubsub", request.Json.GetProperty("pubsubname").GetString());
        var entry = request.Json.GetProperty("entries")[0];
        Assert.Equal("application/cloudevents+json", entry.GetProperty("contentType").GetString());
        Assert.Equal("full", entry.GetProperty("event").GetProperty("topic").GetString());
        Assert.True(app.Requests.Count <= 3, "messages came in batches");
    }

    [Fact]
    public async Task Only_what_wants_a_retry_or_has_no_status_comes_again_and_drop_goes_to_the_dead_letter_topic()
    {
        var calls = 0;
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = batch => (200, Interlocked.Increment(ref calls) == 1
            ? BulkAnswers.Each(batch, data => data switch { "0" => "SUCCESS", "1" => "RETRY", "2" => "DROP", "3" => null, _ => "" })
            : BulkAnswers.All(batch, "SUCCESS"));
        await using var host = await StartAsync("partial", app);

        await PublishBulkAsync(host, "partial", 5);
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "the second call");
        await Eventually.TrueAsync(async () => await broker.PendingAsync("partial", "a") == 0, "acknowledged");

        Assert.Equal(["1", "3", "4"], app.Requests.Last().Json.GetProperty("entries").EnumerateArray()
            .Select(entry => entry.GetProperty("event").GetProperty("data").ToString()).Order(StringComparer.Ordinal));
        Assert.Single(await broker.MessagesAsync("partial-dead"));
    }

    [Theory]
    [InlineData("bulk-500", 500, null, 3, 5)]
    [InlineData("bulk-text", 200, "not json", 3, 5)]
    [InlineData("bulk-empty", 200, null, 3, 5)]
    [InlineData("bulk-404", 404, null, 1, 0)]
    public async Task A_batch_that_is_refused_as_a_whole(string topic, int status, string? body, int attempts, int deadLetters)
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (status, body);
        await using var host = await StartAsync(topic, app);

        await PublishBulkAsync(host, topic, 5);
        await Eventually.TrueAsync(() => app.Requests.Count >= attempts, "attempts");
        await Eventually.TrueAsync(async () => await broker.PendingAsync(topic, "a") == 0, "acknowledged");

        Assert.Equal(attempts, app.Requests.Count);
        Assert.Equal(deadLetters, (await broker.MessagesAsync(topic + "-dead")).Count);
    }

    [Fact]
    public async Task Which_statuses_are_worth_a_retry_is_not_asked_of_a_batch()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (500, null);
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(2, "1ms", matching: "httpStatusCodes: \"429\"") + PubSubHost.Subscription("unmatched", "/in", Bulk + "unmatched-dead"), ("a", app));

        await host.PublishAsync("unmatched", "1");

        await Eventually.TrueAsync(() => app.Requests.Count == 3, "the first and two retries");
    }

    [Fact]
    public async Task A_batch_that_is_being_retried_does_not_hold_up_the_next_one()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = batch => (200, BulkAnswers.Each(batch, data => data == "0" ? "RETRY" : "SUCCESS"));
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(-1, "1h") + PubSubHost.Subscription("stuck", "/in", Bulk + "stuck-dead"), ("a", app));

        await host.PublishAsync("stuck", "0");
        await Eventually.TrueAsync(() => app.Requests.Count == 1, "the first batch");
        await host.PublishAsync("stuck", "1");

        await Eventually.TrueAsync(() => app.DataOn("/in").Contains("1"), "the next batch");
    }

    [Fact]
    public async Task A_raw_batch_carries_base64()
    {
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = batch => (200, "{\"statuses\":[]}");
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Subscription("rawbulk", "/in", Bulk + "rawbulk-dead\n  metadata: { rawPayload: \"true\" }"), ("a", app));

        await host.PostAsync("/v1.0/publish/pubsub/rawbulk?metadata.rawPayload=true", [0, 255], "application/octet-stream");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        var entry = app.Requests.First().Json.GetProperty("entries")[0];
        Assert.Equal([0, 255], entry.GetProperty("event").GetBytesFromBase64());
        Assert.Equal("application/octet-stream", entry.GetProperty("contentType").GetString());
    }

    private async Task<PubSubHost> StartAsync(string topic, SubscriberApp app)
    {
        await broker.WatchAsync(topic + "-dead");
        return await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(2, "1ms") + PubSubHost.Subscription(topic, "/in", Bulk + topic + "-dead"), ("a", app));
    }

    private static Task<HttpResponseMessage[]> PublishAsync(PubSubHost host, string topic, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => host.PublishAsync(topic, $"{i}")));

    // One bulk publish goes to the broker in one packet, and comes back in one read.
    private static async Task PublishBulkAsync(PubSubHost host, string topic, int count)
    {
        var entries = string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"entryId":"{{i}}","event":{{i}},"contentType":"application/json"}"""));
        using var answer = await host.PostAsync($"/v1.0/publish/bulk/pubsub/{topic}", System.Text.Encoding.UTF8.GetBytes($"[{entries}]"), "application/json");
        Assert.Equal(204, (int)answer.StatusCode);
    }
}
