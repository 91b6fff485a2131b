using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Dapr.Sdk.Tests;
using Eco2.ServiceDefaults;
using Eco2.Testing;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>How messages that were committed with a fact reach the broker, as the sidecar sees it.</summary>
public sealed class OutboxTests : IAsyncLifetime
{
    private const string Method = "/dapr.proto.runtime.v1.Dapr/BulkPublishEvent";
    private readonly ConcurrentQueue<JsonElement[]> calls = [];
    private GrpcStandIn sidecar = null!;
    private ServiceHost host = null!;

    private sealed record News(int Number);

    public async Task InitializeAsync()
    {
        sidecar = await GrpcStandIn.StartAsync();
        host = await ServiceHost.StartAsync(
            (args, adjust) =>
            {
                var builder = WebApplication.CreateSlimBuilder(args);
                builder.AddEco2("small");
                builder.AddEco2Database(typeof(OutboxTests).Assembly);
                builder.AddEco2Outbox();
                adjust?.Invoke(builder);
                var app = builder.Build();
                app.UseEco2();
                return app;
            },
            await PostgresCluster.CreateDatabaseAsync(),
            options: $"DAPR_GRPC_PORT={new Uri(sidecar.Address).Port}");
    }

    public async Task DisposeAsync()
    {
        await host.DisposeAsync();
        await sidecar.DisposeAsync();
    }

    [Fact]
    public async Task Messages_that_are_committed_together_leave_in_few_calls_each_once_with_its_id_and_its_trace()
    {
        TakeEverything();
        using var activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();

        await WriteAsync(Enumerable.Range(1, 120).Select(n => ($"key-{n}", "news", n)));

        await Eventually.TrueAsync(async () => await LeftAsync() == 0, "all have left");
        Assert.Equal(Enumerable.Range(1, 120), Sent);
        Assert.Equal(3, calls.Count);
        Assert.Equal(120, calls.SelectMany(call => call).Select(Id).Distinct().Count());
        Assert.All(calls.SelectMany(call => call), e => Assert.Equal((activity.Id, "small"), (e.GetProperty("traceparent").GetString(), e.GetProperty("source").GetString())));
    }

    [Fact]
    public async Task Messages_of_one_key_leave_one_after_the_other_also_when_nobody_wakes_the_relay_again()
    {
        TakeEverything();

        await WriteAsync([("a", "news", 1), ("a", "news", 2), ("b", "news", 3), ("a", "news", 4)]);

        // Well before the relay's next look of its own.
        await Eventually.TrueAsync(async () => await LeftAsync() == 0, "all have left", TimeSpan.FromSeconds(20));
        Assert.Equal(["1,3", "2", "4"], calls.Select(call => string.Join(',', call.Select(Number))));
    }

    [Fact]
    public async Task What_the_broker_refuses_leaves_again_with_its_id_and_holds_back_only_its_own_key()
    {
        sidecar.On(Method, call =>
        {
            var request = Take(call);
            var answer = new BulkPublishResponse();
            answer.FailedEntries.AddRange(request.Entries
                .Where(entry => calls.Count < 3 && Number(Read(entry)) == 1)
                .Select(entry => new BulkPublishResponseFailedEntry { EntryId = entry.EntryId, Error = "full" }));
            return call.SendAsync(answer);
        });

        await WriteAsync([("a", "news", 1), ("a", "news", 2), ("b", "news", 3)]);

        await Eventually.TrueAsync(async () => await LeftAsync() == 0, "all have left");
        Assert.Equal(["1,3", "1", "1", "2"], calls.Select(call => string.Join(',', call.Select(Number))));
        Assert.Single(calls.SelectMany(call => call).Where(e => Number(e) == 1).Select(Id).Distinct());
    }

    [Fact]
    public async Task A_topic_that_is_refused_does_not_hold_up_another_and_nothing_is_lost_while_the_sidecar_is_away()
    {
        var away = true;
        sidecar.On(Method, call =>
        {
            if (BulkPublishRequest.Parser.ParseFrom(call.Message).Topic == "news" && away)
            {
                return call.FailAsync(StatusCode.Unavailable, "away");
            }

            Take(call);
            return call.SendAsync(new BulkPublishResponse());
        });

        await WriteAsync([("a", "news", 1), ("b", "weather", 2)]);
        await Eventually.TrueAsync(async () => await LeftAsync() == 1, "the other topic has its message");
        Assert.Equal([2], Sent);

        away = false;
        await Eventually.TrueAsync(async () => await LeftAsync() == 0, "all have left");
        Assert.Equal([2, 1], Sent);
    }

    private IEnumerable<int> Sent => calls.SelectMany(call => call).Select(Number);

    private static JsonElement Read(BulkPublishRequestEntry entry) => JsonElement.Parse(entry.Event.Span);

    private static int Number(JsonElement message) => message.GetProperty("data").GetProperty("number").GetInt32();

    private static string Id(JsonElement message) => message.GetProperty("id").GetString()!;

    private void TakeEverything() => sidecar.On(Method, call =>
    {
        Take(call);
        return call.SendAsync(new BulkPublishResponse());
    });

    private BulkPublishRequest Take(GrpcStandIn.Call call)
    {
        var request = BulkPublishRequest.Parser.ParseFrom(call.Message);
        calls.Enqueue([.. request.Entries.Select(Read)]);
        return request;
    }

    private async Task WriteAsync(IEnumerable<(string Key, string Topic, int Number)> messages)
    {
        var outbox = host.Services.GetRequiredService<Outbox>();
        await using var connection = await host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var (key, topic, number) in messages)
        {
            await outbox.AddAsync(connection, "pubsub", topic, key, new News(number), CancellationToken.None);
        }

        await transaction.CommitAsync();
        outbox.Wake();
    }

    private async Task<long> LeftAsync()
    {
        await using var count = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("select count(*) from outbox");
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
