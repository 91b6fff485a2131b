using System.Text;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisDeliveryTests(RedisFixture redis) : DeliveryTests(redis), IClassFixture<RedisFixture>;

public sealed class RabbitMqDeliveryTests(RabbitMqFixture rabbitMq) : DeliveryTests(rabbitMq), IClassFixture<RabbitMqFixture>;

public abstract class DeliveryTests(TestBroker broker)
{
    [Theory]
    [InlineData(200, null)]
    [InlineData(204, null)]
    [InlineData(200, "")]
    [InlineData(200, "hello")]
    [InlineData(200, "[1]")]
    [InlineData(200, "{}")]
    [InlineData(200, "{\"status\":\"\"}")]
    [InlineData(200, "{\"status\":7}")]
    [InlineData(201, "{\"status\":\"SUCCESS\"}")]
    public async Task A_2xx_without_another_status_is_done(int status, string? body)
    {
        Assert.Equal((1, 0), await AttemptsAndDeadLetters(_ => (status, body)));
    }

    [Theory]
    [InlineData(200, "{\"status\":\"DROP\"}")]
    [InlineData(404, null)]
    public async Task Drop_and_404_are_not_retried_and_go_to_the_dead_letter_topic(int status, string? body)
    {
        Assert.Equal((1, 1), await AttemptsAndDeadLetters(_ => (status, body)));
    }

    [Theory]
    [InlineData(200, "{\"status\":\"RETRY\"}")]
    [InlineData(200, "{\"status\":\"success\"}")]
    [InlineData(500, null)]
    [InlineData(400, "{\"status\":\"SUCCESS\"}")]
    [InlineData(301, null)]
    public async Task Everything_else_is_retried_and_then_goes_to_the_dead_letter_topic(int status, string? body)
    {
        Assert.Equal((3, 1), await AttemptsAndDeadLetters(_ => (status, body)));
    }

    // As Dapr's package for ASP.NET Core writes it: another letter case, no slash, members that are null.
    [Fact]
    public async Task The_subscriptions_of_an_official_app_are_understood()
    {
        await using var app = await SubscriberApp.StartAsync(
            """[{"topic":"t","pubsubName":"pubsub","route":"in","routes":null,"metadata":null,"deadLetterTopic":null,"bulkSubscribe":null}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        await host.PublishAsync("t", "1");

        await Eventually.TrueAsync(() => app.On("/in").Any(), "delivered");
    }

    [Fact]
    public async Task A_retry_that_succeeds_ends_the_matter()
    {
        var calls = 0;

        Assert.Equal((2, 0), await AttemptsAndDeadLetters(_ => (++calls == 1 ? 500 : 200, null)));
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_retried()
    {
        var topic = Topic();
        var calls = 0;
        await using var app = await SubscriberApp.StartAsync();
        app.Before = _ => Interlocked.Increment(ref calls) == 1 ? Task.Delay(Timeout.Infinite) : Task.CompletedTask;
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(2, "10ms", ", timeout: limit") + PubSubHost.Subscription(topic, "/in"), ("a", app));

        await host.PublishAsync(topic, "1");
        await Eventually.TrueAsync(() => calls == 2, "second attempt");
        await Eventually.TrueAsync(async () => await broker.PendingAsync(topic, "a") == 0, "acknowledged");
    }

    [Fact]
    public async Task A_dead_letter_has_the_very_bytes_of_the_original()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = _ => (404, null);
        await broker.WatchAsync(topic);
        await broker.WatchAsync(topic + "-dead");
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Subscription(topic, "/in", $"deadLetterTopic: {topic}-dead"), ("a", app));

        await host.PublishAsync(topic, "{ \"a\" : 1.50, \"b\":\"생\\u0041\" }");
        await Eventually.TrueAsync(async () => (await broker.MessagesAsync(topic + "-dead")).Count == 1, "dead letter");

        var original = (await broker.MessagesAsync(topic)).Single();
        Assert.Equal(original, (await broker.MessagesAsync(topic + "-dead")).Single());
        Assert.Equal(original, app.Requests.Single().Body);
        Assert.Contains("{ \"a\" : 1.50, \"b\":\"생\\u0041\" }", Encoding.UTF8.GetString(original), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_may_nest_as_deep_as_go_takes_it()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync($$$"""
            [{"pubsubname":"pubsub","topic":"{{{topic}}}","deadLetterTopic":"{{{topic}}}-dead","routes":{"rules":[{"match":"event.data.kind == 'deep'","path":"/deep"}]}}]
            """);
        await broker.WatchAsync(topic + "-dead");
        await using var host = await PubSubHost.StartAsync(broker.PubSub(), ("a", app));

        // The envelope is a level too.
        await host.PublishAsync(topic, Nested(9_999));
        await host.PublishAsync(topic, Nested(9_998));
        using var bulk = await host.PostAsync(
            $"/v1.0/publish/bulk/pubsub/{topic}", Encoding.UTF8.GetBytes($$"""[{"entryId":"1","contentType":"application/json","event":{{Nested(9_997)}} }]"""), "application/json");
        await Eventually.TrueAsync(async () => app.Requests.Count == 2 && (await broker.MessagesAsync(topic + "-dead")).Count == 1, "all three");

        Assert.Equal(204, (int)bulk.StatusCode);
        Assert.Equal([9_997, 9_998], app.On("/deep").Select(one => one.Body.Count(letter => letter == '[')).Order());

        static string Nested(int levels) => $$"""{"kind":"deep","list":{{new string('[', levels)}}{{new string(']', levels)}} }""";
    }

    [Fact]
    public async Task An_expired_message_is_not_delivered_and_goes_to_the_dead_letter_topic()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync();
        await broker.WatchAsync(topic + "-dead");
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Subscription(topic, "/in", $"deadLetterTopic: {topic}-dead"), ("a", app));

        await broker.PutAsync(topic, """{"id":"1","expiration":"2020-01-01T00:00:00Z","data":"late"}"""u8.ToArray());
        await broker.PutAsync(topic, """{"id":"2","expiration":"2990-01-01T00:00:00Z","data":"fresh"}"""u8.ToArray());
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "the fresh one");
        await Eventually.TrueAsync(async () => (await broker.MessagesAsync(topic + "-dead")).Count == 1, "dead letter");

        Assert.Equal(["fresh"], app.DataOn("/in"));
    }

    [Fact]
    public async Task App_token_and_trace_come_as_headers()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Subscription(topic, "/in"), settings => settings with { AppToken = "secret" }, ("a", app));
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        await host.PostAsync($"/v1.0/publish/pubsub/{topic}", "1"u8.ToArray(), "application/json", adjust: request =>
        {
            request.Headers.Add("traceparent", trace);
            request.Headers.Add("tracestate", "a=b");
        });
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        var headers = app.Requests.Single().Headers;
        Assert.Equal("secret", headers["dapr-api-token"]);
        Assert.Equal("pubsub", headers["pubsubname"]);
        Assert.Equal("a=b", headers["tracestate"]);
        Assert.StartsWith(trace[..36], headers["traceparent"], StringComparison.Ordinal);
        Assert.StartsWith(trace[..36], app.Requests.Single().Json.GetProperty("traceparent").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_raw_subscription_gets_the_bytes_in_a_fresh_envelope()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Subscription(topic, "/in", "metadata: { rawPayload: \"true\" }"), ("a", app));

        await host.PostAsync($"/v1.0/publish/pubsub/{topic}?metadata.rawPayload=true", [0, 255, 1], "application/octet-stream");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        var json = app.Requests.Single().Json;
        Assert.Equal([0, 255, 1], json.GetProperty("data_base64").GetBytesFromBase64());
        Assert.Equal("application/octet-stream", json.GetProperty("datacontenttype").GetString());
        Assert.Equal("Dapr", json.GetProperty("source").GetString());
        Assert.Equal(topic, json.GetProperty("topic").GetString());
    }

    [Fact]
    public async Task Rules_decide_the_path_and_what_matches_none_goes_to_the_dead_letter_topic()
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync($$$"""
            [{"pubsubname":"pubsub","topic":"{{{topic}}}","deadLetterTopic":"{{{topic}}}-dead","routes":{"rules":[
              {"match":"event.type == \"widget\"","path":"/widgets"},
              {"match":"has(event.data.kind) && event.data.kind in ['a','b']","path":"/kinds"}]}}]
            """);
        await broker.WatchAsync(topic + "-dead");
        await using var host = await PubSubHost.StartAsync(broker.PubSub(), ("a", app));

        await host.PublishAsync(topic, "{}", "?metadata.cloudevent.type=widget");
        await host.PublishAsync(topic, """{"kind":"b"}""");
        await host.PublishAsync(topic, """{"kind":"c"}""");
        await Eventually.TrueAsync(async () => app.Requests.Count == 2 && (await broker.MessagesAsync(topic + "-dead")).Count == 1, "all three");

        Assert.Single(app.On("/widgets"));
        Assert.Equal("b", app.On("/kinds").Single().Json.GetProperty("data").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_first_version_file_and_a_plain_route_of_the_app_both_subscribe_and_scopes_choose_the_app()
    {
        var topic = Topic();
        await using var first = await SubscriberApp.StartAsync($$"""[{"pubsubname":"pubsub","topic":"{{topic}}-told","route":"/told"},{"pubsubname":"pubsub","topic":"{{topic}}-nowhere"}]""");
        await using var second = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + $$"""

            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: { name: one }
            spec: { pubsubname: pubsub, topic: {{topic}}, route: /declared }
            scopes: [b]
            """,
            ("a", first), ("b", second));

        await host.PublishAsync(topic, "1");
        await host.PublishAsync(topic + "-told", "2");
        await Eventually.TrueAsync(() => !first.Requests.IsEmpty && !second.Requests.IsEmpty, "both");

        Assert.Equal(["2"], first.DataOn("/told"));
        Assert.Equal(["1"], second.DataOn("/declared"));
        Assert.Single(first.Requests);
    }

    // Publishes one message to a topic with two retries and a dead letter topic.
    private async Task<(int Attempts, int DeadLetters)> AttemptsAndDeadLetters(Func<Received, (int, string?)> answer)
    {
        var topic = Topic();
        await using var app = await SubscriberApp.StartAsync();
        app.Answer = answer;
        await broker.WatchAsync(topic + "-dead");
        await using var host = await PubSubHost.StartAsync(
            broker.PubSub() + PubSubHost.Retries(2, "1ms") + PubSubHost.Subscription(topic, "/in", $"deadLetterTopic: {topic}-dead"), ("a", app));

        await host.PublishAsync(topic, "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "an attempt");
        await Eventually.TrueAsync(async () => await broker.PendingAsync(topic, "a") == 0, "acknowledged");
        return (app.Requests.Count, (await broker.MessagesAsync(topic + "-dead")).Count);
    }

    private static string Topic() => "t" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
}
