using System.Net;
using System.Text;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Dapr.Sdk.Tests;

public class SubscriptionTests
{
    [Fact]
    public async Task The_list_has_one_element_per_topic_with_everything_that_was_said()
    {
        await using var app = await AppAsync(app =>
        {
            app.MapSubscribeHandler();
            app.MapPost("/b", () => { }).WithTopic("pubsub", "b", new Dictionary<string, string> { ["k"] = "v" });
            app.MapPost("/a/all", () => { }).WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "a", DeadLetterTopic = "a-dead", EnableRawPayload = true });
            app.MapPost("/bulk", () => { }).WithTopic("pubsub", "c").WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = "c", MaxMessagesCount = 9 });
            app.MapPost("/r/default", () => { }).WithTopic("pubsub", "r");
            app.MapPost("/r/two", () => { }).WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "r", Match = "event.type == \"2\"", Priority = 2 });
            app.MapPost("/r/one", () => { }).WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "r", Match = "event.type == \"1\"", Priority = 1 });
        });

        var json = await app.Client.GetStringAsync(new Uri("/dapr/subscribe", UriKind.Relative));

        Assert.Equal(
            """
            [{"topic":"a","pubsubName":"pubsub","route":"a/all","metadata":{"rawPayload":"true"},"deadLetterTopic":"a-dead"},{"topic":"b","pubsubName":"pubsub","route":"b","metadata":{"k":"v"}},{"topic":"c","pubsubName":"pubsub","route":"bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":9,"maxAwaitDurationMs":1000}},{"topic":"r","pubsubName":"pubsub","routes":{"rules":[{"match":"event.type == \u00221\u0022","path":"r/one"},{"match":"event.type == \u00222\u0022","path":"r/two"}],"default":"r/default"}}]
            """,
            json);
    }

    [Fact]
    public async Task A_topic_of_several_endpoints_has_the_pairs_of_all_and_the_rest_of_the_first_by_priority()
    {
        await using var app = await AppAsync(app =>
        {
            app.MapSubscribeHandler(new SubscribeOptions { EnableRawPayload = true });
            app.MapPost("/late", () => { })
                .WithTopic(new TopicOptions { PubsubName = "p", Name = "t", Match = "m", Priority = 2, DeadLetterTopic = "late", Metadata = Pairs("k", "a") })
                .WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = "t", MaxMessagesCount = 2 });
            app.MapPost("/early", () => { })
                .WithTopic(new TopicOptions { PubsubName = "p", Name = "t", Match = "n", Priority = 1, DeadLetterTopic = "early", Metadata = Pairs("k", "b") });
            app.MapPost("/owned", [Topic("p", "u", new[] { "own" }, "|")] [TopicMetadata("own", "x", "1")] [TopicMetadata("other", "x", "2")] [TopicMetadata("x", "3")] () => { });
        });

        var json = await app.Client.GetStringAsync(new Uri("/dapr/subscribe", UriKind.Relative));

        Assert.Equal(
            """
            [{"topic":"t","pubsubName":"p","routes":{"rules":[{"match":"n","path":"early"},{"match":"m","path":"late"}]},"metadata":{"k":"b,a","rawPayload":"true"},"deadLetterTopic":"early"},{"topic":"u","pubsubName":"p","route":"owned","metadata":{"x":"1|3","rawPayload":"true"}}]
            """,
            json);
    }

    [Fact]
    public async Task A_route_parameter_makes_the_list_fail()
    {
        await using var app = await AppAsync(app =>
        {
            app.MapSubscribeHandler();
            app.MapPost("/x/{id}", (string id) => id).WithTopic("pubsub", "x");
        });

        var response = await app.Client.GetAsync(new Uri("/dapr/subscribe", UriKind.Relative));

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }

    [Theory]
    [InlineData("""{"data":{"a":1},"datacontenttype":"application/json; charset=utf-8"}""", "application/json|{\"a\":1}")]
    [InlineData("""{"Data":"text"}""", "application/json|\"text\"")]
    [InlineData("""{"data":"한글","datacontenttype":"text/plain"}""", "text/plain|한글")]
    [InlineData("""{"data_base64":"aGk=","datacontenttype":"image/x"}""", "image/x|hi")]
    [InlineData("""{"data_base64":"aGk="}""", "application/json|hi")]
    [InlineData("""{"data_base64":"aGk=","datacontenttype":"text/plain; charset=euc-kr"}""", "text/plain|hi")]
    [InlineData("""{"data":"a","datacontenttype":"text/plain; charset=utf-8"}""", "text/plain|a")]
    [InlineData("""{"data":"a","datacontenttype":"application/vnd.shop+json"}""", "application/vnd.shop+json|a")]
    [InlineData("""{"data":{"a":1},"datacontenttype":"application/vnd.shop+json"}""", "application/vnd.shop+json|{\"a\":1}")]
    [InlineData("""{"data":"a","datacontenttype":"text/json"}""", "text/json|a")]
    [InlineData("""{"data":"a","datacontenttype":"no type"}""", "application/json|\"a\"")]
    [InlineData("""{"id":"1"}""", "|")]
    public async Task An_envelope_is_taken_off(string envelope, string seen)
    {
        await using var app = await EchoAsync();

        var response = await app.Client.PostAsync(new Uri("/echo", UriKind.Relative), Envelope(envelope));

        Assert.Equal(seen, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Two_kinds_of_data_are_refused_and_other_bodies_pass_untouched()
    {
        await using var app = await EchoAsync();

        var both = await app.Client.PostAsync(new Uri("/echo", UriKind.Relative), Envelope("""{"data":1,"data_base64":"aGk="}"""));
        var plain = await app.Client.PostAsync(new Uri("/echo", UriKind.Relative), new StringContent("""{"data":1}""", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, both.StatusCode);
        Assert.Equal("""application/json; charset=utf-8|{"data":1}""", await plain.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Bulk_messages_are_read_and_answered_in_the_sidecars_words()
    {
        await using var app = await AppAsync(app => app.MapPost("/bulk", (BulkSubscribeMessage<BulkMessageModel<int>> message) =>
            new BulkSubscribeAppResponse([.. message.Entries.Select(entry => new BulkSubscribeAppResponseEntry(
                entry.EntryId, entry.Event.Data > 1 ? BulkSubscribeAppResponseStatus.RETRY : BulkSubscribeAppResponseStatus.SUCCESS))])));
        var body = """{"id":"1","topic":"t","metadata":{},"entries":[{"entryId":"a","event":{"id":"1","data":1},"contentType":"application/cloudevents+json","metadata":{}},{"entryId":"b","event":{"id":"2","data":2}}]}""";

        var response = await app.Client.PostAsync(new Uri("/bulk", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal("""{"statuses":[{"entryId":"a","status":"SUCCESS"},{"entryId":"b","status":"RETRY"}]}""", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("wrong", HttpStatusCode.Unauthorized)]
    [InlineData("right", HttpStatusCode.OK)]
    public async Task Only_the_sidecars_token_opens(string? token, HttpStatusCode expected)
    {
        await using var app = await AppAsync(
            app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGet("/in", (HttpContext context) => context.User.Identity!.Name).RequireAuthorization("Dapr");
            },
            services =>
            {
                services.AddAuthentication().AddDapr(options => options.Token = "right");
                services.AddAuthorization(options => options.AddDapr());
            });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/in");
        if (token is not null)
        {
            request.Headers.Add("dapr-api-token", token);
        }

        using var response = await app.Client.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Properties_of_the_envelope_become_headers_as_they_stand_unless_there_are_such_already()
    {
        await using var app = await AppAsync(app =>
        {
            app.UseCloudEvents(new CloudEventsMiddlewareOptions { ForwardCloudEventPropertiesAsHeaders = true, ExcludedCloudEventPropertiesFromHeaders = ["Source"] });
            app.MapPost("/echo", (HttpContext context) => string.Join(
                ';', context.Request.Headers.Where(header => header.Key.StartsWith("Cloudevent.", StringComparison.Ordinal)).OrderBy(header => header.Key).Select(header => $"{header.Key}={header.Value}")));
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo");
        request.Content = Envelope("""{"id":"a\u0026b","Type":"t","time":5,"source":"s","topic":"mine","traceparent":"00","data":1}""");
        request.Headers.Add("Cloudevent.topic", "theirs");

        using var response = await app.Client.SendAsync(request);

        Assert.Equal("Cloudevent.id=a\\u0026b;Cloudevent.time=5;Cloudevent.topic=theirs;Cloudevent.type=t", await response.Content.ReadAsStringAsync());
    }

    private static Dictionary<string, string> Pairs(string name, string value) => new() { [name] = value };

    private static ByteArrayContent Envelope(string json) =>
        new(Encoding.UTF8.GetBytes(json)) { Headers = { { "Content-Type", "application/cloudevents+json; charset=utf-8" } } };

    private static Task<App> EchoAsync() => AppAsync(app =>
    {
        app.UseCloudEvents();
        app.MapPost("/echo", async (HttpContext context) =>
            $"{context.Request.ContentType}|{await new StreamReader(context.Request.Body).ReadToEndAsync()}");
    });

    private static async Task<App> AppAsync(Action<WebApplication> map, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        services?.Invoke(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new App(app, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });
    }

    private sealed record App(WebApplication Host, HttpClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Host.DisposeAsync();
        }
    }
}
