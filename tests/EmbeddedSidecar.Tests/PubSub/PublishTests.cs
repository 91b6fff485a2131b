using System.Net;
using Eco2.Testing;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class PublishTests
{
    [Fact]
    public async Task A_published_message_arrives_in_the_envelope_that_daprd_makes()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        using var answer = await host.PublishAsync("orders", """{"n": 12345678901234567890, "t": "생수병"}""");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var received = app.Requests.Single();
        Assert.Equal("application/cloudevents+json", received.Headers["content-type"]);
        Assert.Equal("pubsub", received.Headers["pubsubname"]);
        var json = received.Json;
        Assert.True(Guid.TryParse(json.GetProperty("id").GetString(), out _));
        Assert.Equal("shop", json.GetProperty("source").GetString());
        Assert.Equal("com.dapr.event.sent", json.GetProperty("type").GetString());
        Assert.Equal("1.0", json.GetProperty("specversion").GetString());
        Assert.Equal("application/json", json.GetProperty("datacontenttype").GetString());
        Assert.Equal("orders", json.GetProperty("topic").GetString());
        Assert.Equal("pubsub", json.GetProperty("pubsubname").GetString());
        Assert.Equal(json.GetProperty("traceid").GetString(), json.GetProperty("traceparent").GetString());
        Assert.Equal(55, json.GetProperty("traceparent").GetString()!.Length);
        Assert.Equal("", json.GetProperty("tracestate").GetString());
        Assert.Equal("12345678901234567890", json.GetProperty("data").GetProperty("n").GetRawText());
        Assert.Equal("생수병", json.GetProperty("data").GetProperty("t").GetString());
        Assert.False(json.TryGetProperty("expiration", out _));
        Assert.InRange((DateTimeOffset.Parse(json.GetProperty("time").GetString()!) - TimeProvider.System.GetUtcNow()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(30));
    }
}
