using System.Collections.Concurrent;
using System.Text;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Tests.Jobs;
using EmbeddedSidecar.Tests.PubSub;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace EmbeddedSidecar.Tests.Grpc;

public sealed class GrpcAppTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task An_event_that_the_app_does_not_implement_is_dropped_and_no_dead_letter()
    {
        var seen = new ConcurrentQueue<string>();
        await using var app = await StartAsync((method, body) =>
        {
            if (method == "OnTopicEvent")
            {
                var told = TopicEventRequest.Parser.ParseFrom(body);
                seen.Enqueue(told.Topic);
                return told.Topic == "unknown" ? (StatusCode.Unimplemented, null) : (StatusCode.OK, new TopicEventResponse());
            }

            return method == "ListTopicSubscriptions"
                ? (StatusCode.OK, new ListTopicSubscriptionsResponse { Subscriptions = { Subscription("unknown"), Subscription("dead"), Subscription("known") } })
                : (StatusCode.Unimplemented, null);
        });
        await using var sidecar = await StartAsync(app);

        await PublishAsync(sidecar, "unknown");
        await PublishAsync(sidecar, "known");

        await Eventually.TrueAsync(() => Task.FromResult(seen.Contains("known") && seen.Contains("unknown")), "both were brought", TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.DoesNotContain("dead", seen);
    }

    [Fact]
    public async Task An_event_that_the_app_refuses_is_a_dead_letter_and_a_batch_goes_to_the_stable_method_first()
    {
        var seen = new ConcurrentQueue<string>();
        await using var app = await StartAsync((method, body) =>
        {
            seen.Enqueue(method == "OnTopicEvent" ? method + " " + TopicEventRequest.Parser.ParseFrom(body).Topic : method);
            var bulk = Subscription("bulk");
            bulk.BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 1 };
            return method switch
            {
                "ListTopicSubscriptions" => (StatusCode.OK, new ListTopicSubscriptionsResponse { Subscriptions = { Subscription("refused"), Subscription("dead"), bulk } }),
                "OnTopicEvent" when TopicEventRequest.Parser.ParseFrom(body).Topic == "refused" => (StatusCode.Internal, null),
                "OnTopicEvent" => (StatusCode.OK, new TopicEventResponse()),
                "OnBulkTopicEvent" => (StatusCode.OK, new TopicEventBulkResponse
                {
                    Statuses = { TopicEventBulkRequest.Parser.ParseFrom(body).Entries.Select(entry => new TopicEventBulkResponseEntry { EntryId = entry.EntryId }) },
                }),
                _ => (StatusCode.Unimplemented, null),
            };
        });
        await using var sidecar = await StartAsync(app, PubSubHost.Retries(3, "1ms", matching: "gRPCStatusCodes: \"14\""));

        await PublishAsync(sidecar, "refused");
        await PublishAsync(sidecar, "bulk");

        await Eventually.TrueAsync(
            () => Task.FromResult(seen.Contains("OnTopicEvent dead") && seen.Contains("OnBulkTopicEvent")), "both were brought", TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.DoesNotContain("OnBulkTopicEventAlpha1", seen);
        Assert.Single(seen, one => one == "OnTopicEvent refused");
    }

    // In turn, until one fails; what is not JSON is passed on as null.
    [Theory]
    [InlineData("""{"a":1}""", "missing, files", true, """{"a":1}""")]
    [InlineData("text", "files", false, "null")]
    [InlineData("1", "files, missing", false, "1")]
    [InlineData("1", "missing, files", false, null)]
    public async Task The_answer_to_a_binding_goes_to_the_bindings_it_names(
        string data, string to, bool inParallel, string? expected)
    {
        var told = 0;
        await using var app = await StartAsync((method, body) =>
        {
            var answer = new BindingEventResponse { Data = ByteString.CopyFromUtf8(data) };
            answer.Concurrency = inParallel ? BindingEventResponse.Types.BindingEventConcurrency.Parallel : BindingEventResponse.Types.BindingEventConcurrency.Sequential;
            answer.To.Add(to.Split(", "));
            return method switch
            {
                "ListInputBindings" => (StatusCode.OK, new ListInputBindingsResponse { Bindings = { "tick" } }),
                "OnBindingEvent" when BindingEventRequest.Parser.ParseFrom(body).Name == "tick" && Interlocked.Increment(ref told) > 0 => (StatusCode.OK, answer),
                _ => (StatusCode.Unimplemented, null),
            };
        });
        var folder = Directory.CreateTempSubdirectory().FullName;
        await using (var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("tick", "bindings.cron", "schedule: @every 1s") + SidecarFixture.Component("files", "bindings.localstorage", $"rootPath: {folder}"),
            new AppSettings { AppId = "app", AppPort = new Uri(app.Urls.First()).Port, IsGrpcApp = true }))
        {
            await Eventually.TrueAsync(() => Volatile.Read(ref told) > 1, "the second tick came: the first answer has been followed");
        }

        var written = Directory.GetFiles(folder).Select(File.ReadAllText).Distinct().ToList();
        Directory.Delete(folder, recursive: true);
        // Local storage decodes what happens to be base64, which null does.
        Assert.Equal(expected switch { null => [], "null" => [Encoding.UTF8.GetString(Convert.FromBase64String("null"))], _ => [expected] }, written);
    }

    // As a 404 over HTTP.
    [Fact]
    public async Task A_job_that_the_app_does_not_find_is_not_brought_again()
    {
        var seen = new ConcurrentQueue<string>();
        await using var app = await StartAsync((method, body) =>
        {
            if (method != "OnJobEvent")
            {
                return (StatusCode.Unimplemented, null);
            }

            seen.Enqueue(JobEventRequest.Parser.ParseFrom(body).Name);
            return seen.Last() == "fence" ? (StatusCode.OK, new JobEventResponse()) : (StatusCode.NotFound, null);
        });
        await using var sidecar = await StartAsync(app);

        using var scheduled = await sidecar["app"].ScheduleAsync("j", """{"dueTime":"0s","failurePolicy":{"constant":{"interval":"0.001s"}}}""");
        await Eventually.TrueAsync(async () => !(await sidecar["app"].GetJobAsync("j")).IsSuccessStatusCode, "done");
        await sidecar["app"].FenceAsync(() => seen.Contains("fence"));

        Assert.Equal(["j", "fence"], seen);
    }

    // Who says input is not asked, who says only output brings nothing, and the letter case of a listed name counts.
    [Fact]
    public async Task A_binding_comes_by_what_its_component_says_else_by_the_list_of_the_app()
    {
        var seen = new ConcurrentQueue<string>();
        await using var app = await StartAsync((method, body) =>
        {
            if (method == "OnBindingEvent")
            {
                seen.Enqueue(BindingEventRequest.Parser.ParseFrom(body).Name);
            }

            return method switch
            {
                "ListInputBindings" => (StatusCode.OK, new ListInputBindingsResponse { Bindings = { "listed", "off", "CASE" } }),
                "OnBindingEvent" => (StatusCode.OK, new BindingEventResponse()),
                _ => (StatusCode.Unimplemented, null),
            };
        });
        await using var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.Component("listed", "bindings.cron", "schedule: @every 1s") + SidecarFixture.Component("case", "bindings.cron", "schedule: @every 1s")
            + SidecarFixture.Component("off", "bindings.cron", "schedule: @every 1s", "direction: output")
            + SidecarFixture.Component("said", "bindings.cron", "schedule: @every 1s", "Direction: Output, Input"),
            new AppSettings { AppId = "app", AppPort = new Uri(app.Urls.First()).Port, IsGrpcApp = true });

        await Eventually.TrueAsync(() => seen.Count(name => name == "said") > 1 && seen.Count(name => name == "listed") > 1, "two ticks of each came");

        Assert.DoesNotContain("off", seen);
        Assert.DoesNotContain("case", seen);
    }

    private static TopicSubscription Subscription(string topic) =>
        new() { PubsubName = "pubsub", Topic = topic, DeadLetterTopic = topic is "dead" or "known" ? "" : "dead" };

    private static async Task<SidecarFixture> StartAsync(WebApplication app, string more = "")
    {
        var sidecar = await SidecarFixture.StartAsync(
            SidecarFixture.InMemory + more, new AppSettings { AppId = "app", AppPort = new Uri(app.Urls.First()).Port, IsGrpcApp = true });
        await sidecar.WaitUntilReadyAsync();
        return sidecar;
    }

    private static async Task PublishAsync(SidecarFixture sidecar, string topic)
    {
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var published = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, $"/v1.0/publish/pubsub/{topic}"), content);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, published.StatusCode);
    }

    private static async Task<WebApplication> StartAsync(Func<string, byte[], (StatusCode Status, IMessage? Message)> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        var web = builder.Build();
        web.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            var (status, message) = answer(http.Request.Path.Value!.Split('/')[^1], body.ToArray()[5..]);
            http.Response.ContentType = "application/grpc";
            if (message is null)
            {
                http.Response.Headers["grpc-status"] = $"{(int)status}";
                return;
            }

            GrpcFrame.Write(http.Response.BodyWriter, message, 1 << 20);
            await http.Response.BodyWriter.FlushAsync();
            http.Response.AppendTrailer("grpc-status", $"{(int)status}");
        });
        await web.StartAsync();
        return web;
    }
}
