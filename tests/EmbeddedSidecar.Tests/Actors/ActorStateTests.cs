using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.PubSub;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorStateTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    private const string Ttl = """
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: ttl }
        spec: { features: [{ name: ActorStateTTL, enabled: true }] }

        """;

    [Fact]
    public async Task A_transaction_stores_under_the_keys_of_dapr_whatever_prefix_the_component_has()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(SidecarFixture.Component("state", "state.redis", $"redisHost: {redis.Host}", "actorStateStore: true", "keyPrefix: none"), new AppSettings { AppId = "keys", AppPort = app.Port });
        await sidecar["keys"].CallAsync("T/a b", "activate");

        await sidecar["keys"].ActorAsync("POST", "T/a%20b/state", """
            [{"operation":"upsert","request":{"key":"one","value":{"n": 1, "a": 0.33333333}}},
             {"operation":"upsert","request":{"key":"two","value":"text"}},
             {"operation":"upsert","request":{"key":"three","value":null}},
             {"operation":"delete","request":{"key":"four"}}]
            """).SucceededAsync();
        using var one = await sidecar["keys"].ActorAsync("GET", "T/a%20b/state/one");
        await sidecar["keys"].ActorAsync("PUT", "T/a%20b/state", """[{"operation":"delete","request":{"key":"one"}}]""").SucceededAsync();
        await sidecar["keys"].ActorAsync("GET", "T/a%20b/state/one").SucceededAsync(204);

        Assert.Equal("""{"a":0.333333,"n":1}""", await one.Content.ReadAsStringAsync());
        Assert.Equal("application/json", one.Content.Headers.ContentType!.MediaType);
        Assert.Equal("\"text\"", (await redis.AskAsync("HGET", "keys||T||a b||two", "data")).Text);
        Assert.Equal("null", (await redis.AskAsync("HGET", "keys||T||a b||three", "data")).Text);
        Assert.Equal(0, (await redis.AskAsync("EXISTS", "keys||T||a b||one")).Number);
    }

    [Fact]
    public async Task State_over_grpc_is_the_bytes_of_the_value()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "grpc", AppPort = app.Port });
        using var wire = new GrpcWire(sidecar["grpc"].GrpcEndpoint);
        await sidecar["grpc"].CallAsync("T/1", "activate");
        var transaction = new ExecuteActorStateTransactionRequest { ActorType = "T", ActorId = "1" };
        transaction.Operations.Add(new TransactionalActorStateOperation { OperationType = "upsert", Key = "k", Value = new Any { TypeUrl = "x/y", Value = ByteString.CopyFrom(0, 255) } });
        transaction.Operations.Add(new TransactionalActorStateOperation { OperationType = "delete", Key = "other" });

        await wire.UnaryAsync<Empty>(Service + "ExecuteActorStateTransaction", transaction);
        var read = await wire.UnaryAsync<GetActorStateResponse>(Service + "GetActorState", new GetActorStateRequest { ActorType = "T", ActorId = "1", Key = "k" });
        var absent = await wire.UnaryAsync<GetActorStateResponse>(Service + "GetActorState", new GetActorStateRequest { ActorType = "T", ActorId = "1", Key = "x" });
        transaction.Operations[0].OperationType = "append";
        var unknown = await Assert.ThrowsAsync<WireException>(() => wire.UnaryAsync<Empty>(Service + "ExecuteActorStateTransaction", transaction));
        var away = await Assert.ThrowsAsync<WireException>(
            () => wire.UnaryAsync<Empty>(Service + "ExecuteActorStateTransaction", new ExecuteActorStateTransactionRequest { ActorType = "T", ActorId = "2" }));

        Assert.Equal((ByteString.CopyFrom(0, 255), ByteString.Empty), (read.Data, absent.Data));
        Assert.Equal((12, 13), (unknown.Code, away.Code));
    }

    [Fact]
    public async Task Only_an_actor_that_is_active_here_may_write_and_only_what_is_an_operation()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await ActorSidecar.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app", AppPort = app.Port }, new AppSettings { AppId = "other" });

        await sidecar["app"].ActorAsync("POST", "T/1/state", """[{"operation":"upsert","request":{"key":"k","value":1}}]""").RefusedAsync(400, "ERR_ACTOR_INSTANCE_MISSING", "actor instance is missing");
        await sidecar["app"].CallAsync("T/1", "activate");
        await sidecar["other"].ActorAsync("POST", "T/1/state", """[{"operation":"upsert","request":{"key":"k","value":1}}]""").RefusedAsync(400, "ERR_ACTOR_INSTANCE_MISSING", "actor instance is missing");
        await sidecar["app"].ActorAsync("POST", "T/1/state", """[{"operation":"upsert","request":{"key":"k","value":1}},{"operation":"append","request":{"key":"k"}}]""")
            .RefusedAsync(500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", "error saving actor transaction state: operation type append not supported");
        await sidecar["app"].ActorAsync("POST", "T/1/state", """[{"operation":"upsert","request":{"value":1}}]""").RefusedAsync(500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", "missing key");
        await sidecar["app"].ActorAsync("POST", "T/1/state", "{}").RefusedAsync(400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body");
        await sidecar["app"].ActorAsync("GET", "T/1/state/k").SucceededAsync(204);
        await sidecar["app"].ActorAsync("POST", "T/1/state", "[]").SucceededAsync();
    }

    [Fact]
    public async Task A_time_to_live_needs_the_feature_and_is_told_with_the_value()
    {
        const string write = """[{"operation":"upsert","request":{"key":"k","value":1,"metadata":{"ttlInSeconds":"1"}}}]""";
        await using var app = await ActorApp.StartAsync();
        await using var without = await ActorSidecar.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app", AppPort = app.Port });
        await using var with = await ActorSidecar.StartAsync(ActorSidecar.InMemory + Ttl, new AppSettings { AppId = "app", AppPort = app.Port });
        await without["app"].CallAsync("T/1", "activate");
        await with["app"].CallAsync("T/1", "activate");

        await without["app"].ActorAsync("POST", "T/1/state", write)
            .RefusedAsync(500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", "ttlInSeconds is not supported without the \"ActorStateTTL\" feature enabled");
        await with["app"].ActorAsync("POST", "T/1/state", write).SucceededAsync();
        using var read = await with["app"].ActorAsync("GET", "T/1/state/k");
        await Eventually.TrueAsync(async () => (int)(await with["app"].ActorAsync("GET", "T/1/state/k")).StatusCode == 204, "expired");

        Assert.InRange(
            DateTimeOffset.Parse(read.Headers.GetValues("metadata.ttlExpireTime").Single(), System.Globalization.CultureInfo.InvariantCulture),
            TimeProvider.System.GetUtcNow().AddSeconds(-5), TimeProvider.System.GetUtcNow().AddSeconds(1));
    }
}
