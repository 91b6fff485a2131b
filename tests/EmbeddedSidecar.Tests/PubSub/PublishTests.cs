using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class PublishTests
{
    private const string Orders = """[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]""";

    [Fact]
    public async Task A_published_message_arrives_in_the_envelope_that_daprd_makes()
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
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

    [Theory]
    [InlineData("application/json", "not json", "data", "not json", "application/json")]
    [InlineData("application/json", "", "data", "", "application/json")]
    [InlineData("text/plain", "{\"a\":1}", "data", "{\"a\":1}", "text/plain")]
    [InlineData("application/octet-stream", "hi", "data_base64", "aGk=", "application/octet-stream")]
    [InlineData(null, "hi", "data", "hi", "text/plain")]
    public async Task The_media_type_decides_how_data_travels(string? type, string body, string member, string value, string given)
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        await host.PostAsync("/v1.0/publish/pubsub/orders", Encoding.UTF8.GetBytes(body), type);
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        var json = app.Requests.Single().Json;
        Assert.Equal(value, json.GetProperty(member).GetString());
        Assert.Equal(given, json.GetProperty("datacontenttype").GetString());
    }

    [Fact]
    public async Task Metadata_overrides_members_and_sets_the_expiration()
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        await host.PublishAsync("orders", "1", "?metadata.cloudevent.id=i&metadata.cloudevent.source=s&metadata.cloudevent.type=t&metadata.cloudevent.subject=u"
            + "&metadata.cloudevent.traceid=x&metadata.cloudevent.tracestate=y&metadata.ttlInSeconds=60");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        var json = app.Requests.Single().Json;
        Assert.Equal(["i", "s", "t", "u", "x", "x", "y"],
            ((string[])["id", "source", "type", "subject", "traceid", "traceparent", "tracestate"]).Select(name => json.GetProperty(name).GetString()!));
        var life = DateTimeOffset.Parse(json.GetProperty("expiration").GetString()!) - DateTimeOffset.Parse(json.GetProperty("time").GetString()!);
        Assert.InRange(life, TimeSpan.FromSeconds(59), TimeSpan.FromSeconds(61));
    }

    [Fact]
    public async Task A_ready_made_cloud_event_keeps_its_members_and_gets_the_missing_ones_but_no_id()
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        await host.PublishAsync("orders", """{"type":"mine","topic":"lie","pubsubname":"lie","custom":[1],"data":{"a":1}}""", type: "application/cloudevents+json; charset=utf-8");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        var json = app.Requests.Single().Json;
        Assert.Distinct(json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("mine", json.GetProperty("type").GetString());
        Assert.Equal("orders", json.GetProperty("topic").GetString());
        Assert.Equal("pubsub", json.GetProperty("pubsubname").GetString());
        Assert.Equal("Dapr", json.GetProperty("source").GetString());
        Assert.Equal("1.0", json.GetProperty("specversion").GetString());
        Assert.Equal("[1]", json.GetProperty("custom").GetRawText());
        Assert.Equal(1, json.GetProperty("data").GetProperty("a").GetInt32());
        Assert.Equal(55, json.GetProperty("traceparent").GetString()!.Length);
        Assert.True(json.TryGetProperty("time", out _));
        Assert.False(json.TryGetProperty("id", out _));
    }

    [Fact]
    public async Task A_trace_that_is_no_text_neither_stops_the_event_nor_travels_as_a_header()
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        using var answer = await host.PublishAsync("orders", """{"id":"1","type":"t","traceid":7,"traceparent":{"a":1},"tracestate":[],"data":"d"}""", type: "application/cloudevents+json");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("d", app.Requests.Single().Data);
        Assert.NotEqual("""{"a":1}""", app.Requests.Single().Headers.GetValueOrDefault("traceparent"));
    }

    [Theory]
    [InlineData("/v1.0/publish/nope/orders", "application/json", "1", 404, "ERR_PUBSUB_NOT_FOUND", "DAPR_PUBSUB_NOT_FOUND")]
    [InlineData("/v1.0/publish/pubsub/orders?metadata.rawPayload=perhaps", "application/json", "1", 400, "ERR_PUBSUB_REQUEST_METADATA", "DAPR_PUBSUB_METADATA_DESERIALIZATION")]
    [InlineData("/v1.0/publish/pubsub/orders", "application/cloudevents+json", "[]", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "DAPR_PUBSUB_CLOUD_EVENT_CREATION")]
    [InlineData("/v1.0/publish/pubsub/forbidden", "application/json", "1", 403, "ERR_PUBSUB_FORBIDDEN", "DAPR_PUBSUB_FORBIDDEN")]
    [InlineData("/v1.0/publish/bulk/pubsub/orders", "application/json", "{}", 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_UNMARSHAL_EVENTS")]
    [InlineData("/v1.0/publish/bulk/pubsub/orders", "application/json", """[{"event":1,"contentType":"application/json"}]""", 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_EVENTS")]
    [InlineData("/v1.0-alpha1/publish/bulk/pubsub/orders", "application/json", """[{"entryId":"1","event":1,"contentType":"text/plain"}]""", 400, "ERR_PUBSUB_EVENTS_SER", "DAPR_PUBSUB_MARSHAL_ENVELOPE")]
    public async Task A_refusal_has_daprs_code_and_reason(string path, string type, string body, int status, string code, string reason)
    {
        await using var host = await PubSubHost.StartAsync(Scoped("publishingScopes", "shop=orders"), ("shop", null));

        using var answer = await host.PostAsync(path, Encoding.UTF8.GetBytes(body), type);

        Assert.Equal(status, (int)answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, error.GetProperty("errorCode").GetString());
        Assert.Contains(error.GetProperty("details").EnumerateArray(), detail => detail.TryGetProperty("reason", out var given) && given.GetString() == reason);
    }

    [Fact]
    public async Task Without_any_pub_sub_component_none_is_found()
    {
        await using var host = await PubSubHost.StartAsync("", ("shop", null));

        using var answer = await host.PublishAsync("orders", "1");

        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Contains("ERR_PUBSUB_NOT_FOUND", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("allowedTopics", "a,b", "b", true)]
    [InlineData("allowedTopics", "a,b", "c", false)]
    [InlineData("protectedTopics", "a", "a", false)]
    [InlineData("protectedTopics", "a", "b", true)]
    [InlineData("publishingScopes", "other=a", "b", true)]
    [InlineData("publishingScopes", "shop=a;other=b", "b", false)]
    [InlineData("publishingScopes", "shop=", "a", false)]
    [InlineData("subscriptionScopes", "shop=a", "b", true)]
    public async Task Topic_scopes_decide_who_may_publish(string key, string value, string topic, bool allowed)
    {
        await using var host = await PubSubHost.StartAsync(Scoped(key, value), ("shop", null));

        using var answer = await host.PublishAsync(topic, "1");

        Assert.Equal(allowed ? 204 : 403, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Bulk_publish_delivers_every_entry_with_its_own_metadata()
    {
        await using var app = await SubscriberApp.StartAsync(Orders);
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        using var answer = await host.PostAsync("/v1.0/publish/bulk/pubsub/orders?metadata.cloudevent.type=common", """
            [{"entryId":"1","event":{"a":1},"contentType":"application/json"},
             {"entryId":"2","event":"text","contentType":"text/plain","metadata":{"cloudevent.type":"own"}},
             {"entryId":"3","event":"AAE=","contentType":"application/octet-stream"}]
            """u8.ToArray(), "application/json");
        await Eventually.TrueAsync(() => app.Requests.Count == 3, "all");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["common", "common", "own"], app.Requests.Select(one => one.Json.GetProperty("type").GetString()!).Order(StringComparer.Ordinal));
        Assert.Contains(app.Requests, one => one.Json.TryGetProperty("data_base64", out var data) && data.GetString() == "AAE=");
        Assert.Contains(app.Requests, one => one.Json.TryGetProperty("data", out var data) && data.ToString() == "text");
    }

    [Fact]
    public async Task A_topic_may_hold_slashes()
    {
        await using var app = await SubscriberApp.StartAsync("""[{"pubsubname":"pubsub","topic":"a/b c/d","route":"/in"}]""");
        await using var host = await PubSubHost.StartAsync(PubSubHost.InMemory, ("shop", app));

        await host.PublishAsync("a/b%20c/d", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivery");

        Assert.Equal("a/b c/d", app.Requests.Single().Json.GetProperty("topic").GetString());
    }

    [Fact]
    public async Task A_rule_or_component_that_a_file_names_and_that_is_not_there_stops_the_start_by_name()
    {
        var rule = await Assert.ThrowsAsync<SidecarConfigurationException>(() => PubSubHost.StartAsync(PubSubHost.InMemory + """
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: clever }
            spec:
              pubsubname: pubsub
              topic: t
              routes: { rules: [ { match: "event.type.matches('x')", path: /x } ] }
            """, ("shop", null)));
        var component = await Assert.ThrowsAsync<SidecarConfigurationException>(
            () => PubSubHost.StartAsync(PubSubHost.Subscription("t", "/in"), ("shop", null)));

        Assert.Contains("clever", rule.Message, StringComparison.Ordinal);
        Assert.Contains(".matches()", rule.Message, StringComparison.Ordinal);
        Assert.Contains("no pub/sub component \"pubsub\"", component.Message, StringComparison.Ordinal);
    }

    private static string Scoped(string key, string value) =>
        PubSubHost.InMemory.Replace("version: v1 }", $"version: v1, metadata: [ {{ name: {key}, value: \"{value}\" }} ] }}", StringComparison.Ordinal);
}
