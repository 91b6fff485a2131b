using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class GrpcPubSubTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    [Fact]
    public async Task Publishing_over_grpc_makes_the_same_envelope()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));
        using var wire = new GrpcWire(host.Host.Apps[0].GrpcEndpoint);
        var request = new PublishEventRequest { PubsubName = "pubsub", Topic = "t", DataContentType = "application/json", Data = ByteString.CopyFromUtf8("{\"a\":1}") };
        request.Metadata["cloudevent.type"] = "mine";

        await wire.UnaryAsync<Empty>(Service + "PublishEvent", request);
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        var json = app.Requests.Single().Json;
        Assert.Equal("shop", json.GetProperty("source").GetString());
        Assert.Equal("mine", json.GetProperty("type").GetString());
        Assert.Equal(1, json.GetProperty("data").GetProperty("a").GetInt32());
    }

    [Theory]
    [InlineData("BulkPublishEvent")]
    [InlineData("BulkPublishEventAlpha1")]
    public async Task Bulk_publish_over_grpc_delivers_every_entry(string method)
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));
        using var wire = new GrpcWire(host.Host.Apps[0].GrpcEndpoint);
        var request = new BulkPublishRequest { PubsubName = "pubsub", Topic = "t" };
        request.Entries.Add(new BulkPublishRequestEntry { EntryId = "0", ContentType = "application/json", Event = ByteString.CopyFromUtf8("1") });
        request.Entries.Add(new BulkPublishRequestEntry { EntryId = "1", ContentType = "application/octet-stream", Event = ByteString.CopyFrom(0, 1) });

        var answer = await wire.UnaryAsync<BulkPublishResponse>(Service + method, request);
        await Eventually.TrueAsync(() => app.Requests.Count == 2, "delivered");

        Assert.Empty(answer.FailedEntries);
        Assert.Contains(app.Requests, one => one.Json.TryGetProperty("data_base64", out var data) && data.GetString() == "AAE=");
    }

    [Fact]
    public async Task An_unknown_component_is_invalid_argument()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", null));
        using var wire = new GrpcWire(host.Host.Apps[0].GrpcEndpoint);

        var refused = await Assert.ThrowsAsync<WireException>(() => wire.UnaryAsync<Empty>(Service + "PublishEvent", new PublishEventRequest { PubsubName = "x", Topic = "t" }));

        Assert.Equal(3, refused.Code);
    }

    [Fact]
    public async Task A_stream_brings_events_takes_answers_and_gives_back_what_it_left_unanswered()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host) + PubSubHost.Retries(3, "1ms"), ("a", null));
        var wanted = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "streamed", DeadLetterTopic = "streamed-dead" };
        await using (var stream = await SubscriptionStream.OpenAsync(host.Host.Apps[0].GrpcEndpoint, wanted))
        {
            Assert.NotNull((await stream.NextAsync()).InitialResponse);
            await host.PublishAsync("streamed", """{"a":1}""", "?metadata.cloudevent.id=one&metadata.ttlInSeconds=600");
            var first = (await stream.NextAsync()).EventMessage;
            Assert.Equal(("one", "streamed", "pubsub", "/", "{\"a\":1}"), (first.Id, first.Topic, first.PubsubName, first.Path, first.Data.ToStringUtf8()));
            Assert.True(first.Extensions.Fields.ContainsKey("expiration"));
            await stream.AnswerAsync("one", Status.Retry);
            Assert.Equal("one", (await stream.NextAsync()).EventMessage.Id);
            await stream.AnswerAsync("one", Status.Success);

            await host.PublishAsync("streamed", "text", "?metadata.cloudevent.id=two", "text/plain");
            Assert.Equal("text", (await stream.NextAsync()).EventMessage.Data.ToStringUtf8());
            await stream.AnswerAsync("two", Status.Drop);
            await Eventually.TrueAsync(async () => (await redis.AskAsync("XLEN", "streamed-dead")).Number == 1, "dropped into the dead letter topic");

            await host.PublishAsync("streamed", "1", "?metadata.cloudevent.id=three");
            Assert.Equal("three", (await stream.NextAsync()).EventMessage.Id);
        }

        await using var again = await SubscriptionStream.OpenAsync(host.Host.Apps[0].GrpcEndpoint, wanted);
        Assert.NotNull((await again.NextAsync()).InitialResponse);
        Assert.Equal("three", (await again.NextAsync()).EventMessage.Id);
        await again.AnswerAsync("three", Status.Success);
        await Eventually.TrueAsync(async () => await redis.PendingAsync("streamed", "a") == 0, "acknowledged");
    }

    // The official .NET client says "" where it means none.
    [Fact]
    public async Task An_empty_dead_letter_topic_is_none()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"asked","route":"/in","deadLetterTopic":""}]""");
        app.Answer = _ => (200, """{"status":"DROP"}""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host), ("b", app));
        await using var stream = await SubscriptionStream.OpenAsync(
            host.Host.Apps[0].GrpcEndpoint, new() { PubsubName = "pubsub", Topic = "dropped", DeadLetterTopic = "" });
        Assert.NotNull((await stream.NextAsync()).InitialResponse);

        await host.PublishAsync("asked", "1");
        await host.PublishAsync("dropped", "1", "?metadata.cloudevent.id=one");
        Assert.Equal("one", (await stream.NextAsync()).EventMessage.Id);
        await stream.AnswerAsync("one", Status.Drop);

        await Eventually.TrueAsync(() => app.Requests.Count == 1, "brought");
        await Eventually.TrueAsync(async () => await redis.PendingAsync("dropped", "b") == 0 && await redis.PendingAsync("asked", "b") == 0, "acknowledged");
        Assert.Equal(0, (await redis.AskAsync("EXISTS", "")).Number);
    }

    [Fact]
    public async Task A_second_initial_request_or_a_missing_topic_ends_the_stream_with_an_error()
    {
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("a", null));
        var wanted = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" };
        await using var twice = await SubscriptionStream.OpenAsync(host.Host.Apps[0].GrpcEndpoint, wanted);
        await twice.SendAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = wanted });
        await using var empty = await SubscriptionStream.OpenAsync(host.Host.Apps[0].GrpcEndpoint, new() { PubsubName = "pubsub" });

        await using var unknown = await SubscriptionStream.OpenAsync(host.Host.Apps[0].GrpcEndpoint, new() { PubsubName = "none", Topic = "t" });

        Assert.Equal("2", await twice.StatusAsync());
        Assert.Equal("2", await empty.StatusAsync());
        // Refused before it is told that it has subscribed.
        await Assert.ThrowsAsync<EndOfStreamException>(unknown.NextAsync);
    }
}
