using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Eco2.Cli.Observe;
using Eco2.Testing;
using RabbitMQ.Client;
using Xunit;

namespace Eco2.Cli.Tests.Observe;

public sealed class QueuesTests
{
    [Fact]
    public async Task Redis_tells_what_waits_what_is_under_way_and_since_when()
    {
        await using var server = await RedisServer.StartAsync();
        var old = TimeProvider.System.GetUtcNow().AddSeconds(-90).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        await SayAsync(
            server,
            "CONFIG SET requirepass secret",
            "XGROUP CREATE scan.requested worker 0 MKSTREAM",
            "XGROUP CREATE job.finished my 0 MKSTREAM",
            $"XADD scan.requested {old}-0 data one",
            "XADD scan.requested * data two",
            "XADD scan.requested * data three",
            "XREADGROUP GROUP worker a COUNT 1 STREAMS scan.requested >");

        var groups = await new RedisQueues(server.Host, "secret", TimeProvider.System).ReadAsync(["scan.requested", "job.finished", "nobody.hears"], CancellationToken.None);

        Assert.Equal(["job.finished my 0 0", "scan.requested worker 2 1"], groups!.Select(group => $"{group.Topic} {group.Name} {group.Waiting} {group.Underway}").Order(StringComparer.Ordinal));
        Assert.InRange(groups!.Single(group => group.Name == "worker").AgeMs!.Value, 90_000, 150_000);
        Assert.Null(groups!.Single(group => group.Name == "my").AgeMs);
    }

    [Fact]
    public async Task A_Redis_that_is_away_is_no_error_of_the_page()
    {
        var server = await RedisServer.StartAsync();
        var host = server.Host;
        await server.DisposeAsync();

        Assert.Null(await new RedisQueues(host, "secret", TimeProvider.System).ReadAsync(["scan.requested"], CancellationToken.None));
    }

    /// <summary>As daprd 1.18 answers: with members that the page has no use for, and, in an app that hears nothing, without a list of subscriptions.</summary>
    [Fact]
    public void What_daprd_says_of_subscriptions_is_read_and_what_it_leaves_out_is_none()
    {
        const string Worker = """
            {"id":"worker","runtimeVersion":"1.18.3","enabledFeatures":["SchedulerReminders"],"actors":[{"type":"dapr.internal.default.worker.workflow","count":1}],
             "components":[{"name":"pubsub","type":"pubsub.redis","version":"v1","capabilities":["SUBSCRIBE_WILDCARDS"]},{"name":"state","type":"state.redis","version":"v1","capabilities":["ETAG"]}],
             "extended":{"daprRuntimeVersion":"1.18.3"},
             "subscriptions":[{"pubsubname":"pubsub","topic":"scan.requested","metadata":{},"rules":[{"path":"/events/scan-requested"}],"deadLetterTopic":"scan.requested.dead","type":"DECLARATIVE"}],
             "appConnectionProperties":{"port":8108,"protocol":"http","channelAddress":"127.0.0.1","maxConcurrency":-1,"health":{}},
             "actorRuntime":{"runtimeStatus":"RUNNING","hostReady":true,"placement":"placement: connected"},"scheduler":{"connected_addresses":["127.0.0.1:50006"]},"workflows":{"connectedWorkers":1}}
            """;

        Assert.Equal(new QueueReader.Hearing("worker", "scan.requested", "pubsub", "pubsub.redis"), Assert.Single(QueueReader.Subscriptions("worker", Worker)));
        Assert.Empty(QueueReader.Subscriptions("media", """{"id":"media","runtimeVersion":"1.18.3","components":[{"name":"objects","type":"bindings.localstorage","version":"v1"}],"extended":{}}"""));
        Assert.Empty(QueueReader.Subscriptions("media", """{"id":"media","subscriptions":null}"""));
    }

    [Fact]
    public async Task RabbitMq_tells_what_waits()
    {
        var server = await RabbitMqServer.SharedAsync();
        await using var connection = await new ConnectionFactory { Uri = new Uri(server.Url) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync("worker-observed", durable: false, exclusive: false);
        await channel.BasicPublishAsync("", "worker-observed", Encoding.UTF8.GetBytes("one"));
        await channel.BasicPublishAsync("", "worker-observed", Encoding.UTF8.GetBytes("two"));

        await using var queues = new RabbitMqQueues(server.Url);

        Assert.Null(await queues.WaitingAsync("worker-nowhere", CancellationToken.None));
        Assert.Equal(2, await queues.WaitingAsync("worker-observed", CancellationToken.None));
    }

    private static async Task SayAsync(RedisServer server, params string[] commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", server.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Concat(commands.Select(command => command + "\r\n")) + "QUIT\r\n"));
        using var answers = new StreamReader(stream, Encoding.ASCII);
        var text = await answers.ReadToEndAsync();
        Assert.DoesNotContain("-ERR", text, StringComparison.Ordinal);
    }
}
